/**
 * SQLite has no check sums of its own: a bit that the disk flips in a row is read as if it had always been so. `crc` is a
 * CRC-32 over an entry (sqlite/entry-crc.ts); null in what was written before this version, which is taken as it is.
 */
export const sql = 'ALTER TABLE entry ADD COLUMN crc INTEGER;'
