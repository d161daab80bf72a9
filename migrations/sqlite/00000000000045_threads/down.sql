DROP INDEX messages_thread;
CREATE INDEX messages_thread ON messages (thread_id, seq) WHERE thread_id IS NOT NULL;
DELETE FROM mentions WHERE in_thread;
ALTER TABLE mentions DROP COLUMN in_thread;
UPDATE messages SET silent = NULL WHERE NOT silent;
ALTER TABLE messages DROP COLUMN in_room;
DROP TABLE thread_follows;
