-- The replies that count, so that they are counted from an index alone. Other messages are
-- not in it. First, because it takes longest: meanwhile messages can be read.
CREATE INDEX messages_replies ON messages (thread_id, seq, sender_key, deleted_at, silent)
    WHERE thread_id IS NOT NULL;
DROP INDEX messages_thread;

-- Which threads users follow, or do not want to follow, and up to where they have read them.
-- `own`: by their own doing, not because others have mentioned or answered them.
CREATE TABLE thread_follows (
    user_key   BIGINT  NOT NULL,
    thread_id  BIGINT  NOT NULL,
    room_key   BIGINT  NOT NULL,
    following  BOOLEAN NOT NULL,
    own        BOOLEAN NOT NULL,
    read_seq   BIGINT  NOT NULL,
    touched_at BIGINT  NOT NULL,
    PRIMARY KEY (user_key, thread_id)
);
CREATE INDEX thread_follows_touched ON thread_follows (user_key, own, touched_at);
CREATE INDEX thread_follows_thread ON thread_follows (thread_id, user_key);
CREATE INDEX thread_follows_room ON thread_follows (room_key, user_key);

-- A reply that is also in the room. One that is only in its thread, from here on, has
-- silent = false, so that it is not counted there.
ALTER TABLE messages ADD COLUMN in_room BOOLEAN;

-- The thread of who is mentioned in one, and whether it counts there alone.
ALTER TABLE mentions ADD COLUMN thread_id BIGINT;
ALTER TABLE mentions ADD COLUMN in_thread BOOLEAN;
CREATE INDEX mentions_thread ON mentions (thread_id, user_key, seq) WHERE thread_id IS NOT NULL;
