/**
 * - `audit`: lines chained by hash (gateway/audit/line.ts). The triggers are against a slip of ours, or of a hand with a
 *   shell: whoever means to change it can drop them, and the chain shows it. The one on INSERT refuses a REPLACE too.
 * - `pseudonym_version`: from which entry on a key masks (gateway/journal/versions.ts); `fingerprint` tells keys apart and
 *   says nothing of them.
 */
export const sql = `
CREATE TABLE audit (
  n INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  by TEXT NOT NULL,
  what TEXT NOT NULL,
  subject TEXT,
  details TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_next BEFORE INSERT ON audit WHEN NEW.n <> (SELECT coalesce(max(n), 0) + 1 FROM audit)
  BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;

CREATE TABLE pseudonym_version (
  version INTEGER PRIMARY KEY, from_seq INTEGER NOT NULL, fingerprint TEXT NOT NULL, since_ms INTEGER NOT NULL
) STRICT;
`
