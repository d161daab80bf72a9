DROP INDEX messages_uncounted;
CREATE INDEX messages_deleted ON messages (room_key, seq, sender_key) WHERE deleted_at IS NOT NULL;
ALTER TABLE messages DROP COLUMN silent;
ALTER TABLE messages DROP COLUMN sent_by;
ALTER TABLE messages DROP COLUMN kind;
