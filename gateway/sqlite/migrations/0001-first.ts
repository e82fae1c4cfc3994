/**
 * The first shape of the gateway's one file.
 *
 * - `entry` and `rejection` share one sequence of numbers: both are the journal (contract 1).
 * - Site and device are small integers: the unique key and each row stay short. A site's kind is pinned with it, so that an
 *   entry's tags never change after it was accepted and a rewritten point is the same point (contract 4).
 * - `known_id` says which (device, id) there has been. It lags behind `entry` (sqlite/known-ids.ts), up to counter.known_upto.
 * - `mode` of an alarm is the one it was raised with; it may become graver, in `body`.
 * - `kind` is a number of sqlite/kinds.ts. The partial index lets the alarm desk pass over everything else.
 */
export const sql = `
CREATE TABLE site (key INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, UNIQUE (id, kind)) STRICT;
CREATE TABLE device (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE entry (
  seq INTEGER PRIMARY KEY,
  received_ms INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  skew_ms INTEGER,
  site INTEGER NOT NULL,
  device INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  id TEXT,
  payload BLOB NOT NULL
) STRICT;
CREATE INDEX entry_alarm ON entry (seq) WHERE kind = 4;
CREATE TABLE known_id (
  device INTEGER NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (device, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE rejection (
  seq INTEGER PRIMARY KEY,
  received_ms INTEGER NOT NULL,
  site TEXT NOT NULL,
  device TEXT NOT NULL,
  topic TEXT NOT NULL,
  reason TEXT NOT NULL,
  payload BLOB NOT NULL
) STRICT;
CREATE INDEX rejection_device ON rejection (device, seq);

CREATE TABLE counter (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  last_seq INTEGER NOT NULL, received INTEGER NOT NULL, accepted INTEGER NOT NULL, duplicate INTEGER NOT NULL, rejected INTEGER NOT NULL,
  known_upto INTEGER NOT NULL
) STRICT;
INSERT INTO counter VALUES (1, 0, 0, 0, 0, 0, 0);

CREATE TABLE consumer (name TEXT PRIMARY KEY, cursor INTEGER NOT NULL, passed INTEGER NOT NULL, quarantined INTEGER NOT NULL) STRICT;
CREATE TABLE quarantine (
  consumer TEXT NOT NULL, seq INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (consumer, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  site TEXT NOT NULL,
  device TEXT NOT NULL,
  trigger TEXT NOT NULL,
  mode TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  stage TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX alarm_test ON alarm (site, received_ms) WHERE mode = 'test';
CREATE UNIQUE INDEX alarm_open ON alarm (site, device, trigger) WHERE stage <> 'closed';
CREATE TABLE history (alarm TEXT NOT NULL, n INTEGER NOT NULL, line TEXT NOT NULL, PRIMARY KEY (alarm, n)) STRICT, WITHOUT ROWID;

CREATE TABLE response (
  seq INTEGER PRIMARY KEY, alarm TEXT NOT NULL, site TEXT NOT NULL, site_kind TEXT NOT NULL, device TEXT NOT NULL, mode TEXT NOT NULL,
  response_minutes INTEGER NOT NULL, received_ms INTEGER NOT NULL, closed_ms INTEGER NOT NULL, legs TEXT NOT NULL
) STRICT;
CREATE INDEX response_received ON response (received_ms);
CREATE TABLE receipt (
  caller TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, at_ms INTEGER NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_at ON receipt (at_ms);
CREATE TABLE maintenance (
  id TEXT PRIMARY KEY, site TEXT, device TEXT, from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, by TEXT NOT NULL, note TEXT
) STRICT;

CREATE TABLE message (
  id TEXT PRIMARY KEY, type TEXT NOT NULL, subject TEXT NOT NULL, created_ms INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX message_created ON message (created_ms);
CREATE INDEX message_told ON message (type, subject) WHERE type IN ('device.silent', 'device.recovered', 'gateway.fault');
CREATE TABLE delivery (
  id INTEGER PRIMARY KEY,
  message TEXT NOT NULL REFERENCES message (id),
  endpoint TEXT NOT NULL,
  subject TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  refusals INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  delivered_ms INTEGER,
  last_status INTEGER,
  last_error TEXT
) STRICT;
CREATE INDEX delivery_message ON delivery (message);
CREATE INDEX delivery_due ON delivery (due_ms) WHERE state = 'pending';
CREATE INDEX delivery_line ON delivery (endpoint, subject, id) WHERE state = 'pending';
CREATE INDEX delivery_state ON delivery (state, id);
`
