-- What users have begun to write, in a room or (thread_id, or 0) in a thread. Of one user
-- no two have the same updated_at.
CREATE TABLE drafts (
    user_key   BIGINT NOT NULL,
    room_key   BIGINT NOT NULL,
    thread_id  BIGINT NOT NULL,
    content    TEXT   NOT NULL,
    metadata   TEXT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (user_key, room_key, thread_id)
) WITHOUT ROWID;
CREATE INDEX drafts_updated ON drafts (user_key, updated_at);
CREATE INDEX drafts_room ON drafts (room_key);
