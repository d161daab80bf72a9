-- Who has been told of what they have not read, up to which message, and when; `waits`:
-- there is more, which is told later. The row of user 0 says how far messages have been
-- looked through.
CREATE TABLE unread_told (
    user_key BIGINT  NOT NULL PRIMARY KEY,
    upto     BIGINT  NOT NULL,
    told_at  BIGINT  NOT NULL,
    waits    BOOLEAN NOT NULL
) WITHOUT ROWID;
CREATE INDEX unread_told_waits ON unread_told (told_at) WHERE waits;
