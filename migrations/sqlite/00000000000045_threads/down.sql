DELETE FROM mentions WHERE in_thread;
DROP INDEX mentions_thread;
ALTER TABLE mentions DROP COLUMN in_thread;
ALTER TABLE mentions DROP COLUMN thread_id;
UPDATE messages SET silent = NULL WHERE NOT silent;
ALTER TABLE messages DROP COLUMN in_room;
DROP TABLE thread_follows;
CREATE INDEX messages_thread ON messages (thread_id, seq) WHERE thread_id IS NOT NULL;
DROP INDEX messages_replies;
