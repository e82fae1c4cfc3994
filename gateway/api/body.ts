import type { App } from './route.ts'

/**
 * Bodies are `application/json` and nothing else: 415. A form on somebody else's page can send text/plain and the two form
 * types without asking first, and none of them acts here. (Nor would one get in: there are no cookies, and a token comes
 * only in a header that a form can't set.)
 */
export function acceptJsonOnly(app: App): void {
  app.removeContentTypeParser('text/plain')
  // What is sent is read to its end, so that one that is too large is told so first; what isn't there at all stays 404 or 405.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, _body, done) => {
    if (request.is404) done(null)
    else
      done(
        Object.assign(new Error('The body must be JSON, sent as content-type: application/json'), { statusCode: 415 }),
      )
  })
}
