-- What the application posts: as a notice of the system, in the name of a user, or
-- without any unread count.
ALTER TABLE messages ADD COLUMN kind TEXT;
ALTER TABLE messages ADD COLUMN sent_by TEXT;
ALTER TABLE messages ADD COLUMN silent BOOLEAN;

-- Those that do not count as unread, in one index: of a message that counts it costs
-- nothing.
DROP INDEX messages_deleted;
CREATE INDEX messages_uncounted ON messages (room_key, seq, sender_key)
    WHERE deleted_at IS NOT NULL OR silent IS NOT NULL;
