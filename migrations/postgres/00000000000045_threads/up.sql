-- Which threads users follow, or do not want to follow, and up to where they have read them.
CREATE TABLE thread_follows (
    user_key   BIGINT  NOT NULL,
    thread_id  BIGINT  NOT NULL,
    room_key   BIGINT  NOT NULL,
    following  BOOLEAN NOT NULL,
    read_seq   BIGINT  NOT NULL,
    touched_at BIGINT  NOT NULL,
    PRIMARY KEY (user_key, thread_id)
);
CREATE INDEX thread_follows_touched ON thread_follows (user_key, touched_at);
CREATE INDEX thread_follows_thread ON thread_follows (thread_id);

-- A reply that is also in the room. One that is only in its thread, from here on, has
-- silent = false, so that it is not counted there; and it mentions nobody there.
ALTER TABLE messages ADD COLUMN in_room BOOLEAN;
ALTER TABLE mentions ADD COLUMN in_thread BOOLEAN;

-- The replies that count, so that they are counted from an index alone. Other messages are
-- not in it.
DROP INDEX messages_thread;
CREATE INDEX messages_thread ON messages (thread_id, seq, sender_key, deleted_at, silent)
    WHERE thread_id IS NOT NULL;
