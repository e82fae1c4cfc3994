/** `rejections_size`: the bytes of all rejections, so that they can be bounded; kept right by whatever adds or deletes one. */
export const sql = `
CREATE TABLE rejections_size (one INTEGER PRIMARY KEY CHECK (one = 1), bytes INTEGER NOT NULL) STRICT;
INSERT INTO rejections_size SELECT 1, coalesce(sum(length(payload) + 1024), 0) FROM rejection;
CREATE TRIGGER rejection_kept AFTER INSERT ON rejection BEGIN
  UPDATE rejections_size SET bytes = bytes + length(NEW.payload) + 1024;
END;
CREATE TRIGGER rejection_gone AFTER DELETE ON rejection BEGIN
  UPDATE rejections_size SET bytes = bytes - length(OLD.payload) - 1024;
END;
`
