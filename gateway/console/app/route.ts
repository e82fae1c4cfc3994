/** Where one is, from the part of the address behind `#`: `#/events?site=school-01`, `#/alarm/<id>`. Never holds a name or a secret. */
export type Route = { page: string; rest: string | undefined; query: Record<string, string> }

export function parseHash(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const [page = '', ...rest] = path.split('/')
  return {
    page,
    rest: rest.length === 0 ? undefined : decoded(rest.join('/')),
    query: Object.fromEntries(new URLSearchParams(search)),
  }
}

/** `query`: what is undefined or empty is left out. */
export function hashOf(page: string, query: Record<string, string | undefined> = {}, rest?: string): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]))
  const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`
  return `#/${page}${rest === undefined ? '' : `/${encodeURIComponent(rest)}`}${search}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
