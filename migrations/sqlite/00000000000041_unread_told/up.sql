-- Who was last told of what they have not read, when, and up to which message. The row of
-- user 0 says how far messages have been looked through.
CREATE TABLE unread_told (
    user_key BIGINT NOT NULL PRIMARY KEY,
    upto     BIGINT NOT NULL,
    told_at  BIGINT NOT NULL
) WITHOUT ROWID;

-- Who is to be told of a room, and from where on.
CREATE TABLE unread_waiting (
    user_key  BIGINT NOT NULL,
    room_key  BIGINT NOT NULL,
    first_seq BIGINT NOT NULL,
    PRIMARY KEY (user_key, room_key)
) WITHOUT ROWID;
