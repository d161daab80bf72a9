-- Of a message that was written while others read it: streaming, finished, failed or
-- interrupted. NULL in all others.
ALTER TABLE messages ADD COLUMN stream TEXT;

-- Those that are being written, and when their writer was last known to be there. A
-- table of its own, so that to find them costs nothing where there are none, and the
-- messages need no index for it.
CREATE TABLE streams (
    message_id BIGINT NOT NULL PRIMARY KEY,
    heard_at   BIGINT NOT NULL
) WITHOUT ROWID;
