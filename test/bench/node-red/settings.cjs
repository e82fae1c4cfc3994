/** Node-RED without its editor, and without asking anybody about updates. */
module.exports = {
  httpAdminRoot: false,
  httpNodeRoot: false,
  readOnly: true,
  telemetry: { enabled: false, updateNotification: false },
  logging: { console: { level: 'info', metrics: false, audit: false } },
}
