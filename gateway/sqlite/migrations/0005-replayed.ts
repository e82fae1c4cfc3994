/** `replayed_as`: the number of the entry that a rejection became when somebody had it judged again; null: nobody has. */
export const sql = `
ALTER TABLE rejection ADD COLUMN replayed_as INTEGER;
`
