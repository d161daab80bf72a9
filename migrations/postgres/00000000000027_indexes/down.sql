DROP INDEX reactions_user;
CREATE INDEX reactions_user ON reactions (user_key);
CREATE INDEX messages_edited_at ON messages (edited_at) WHERE edited_at IS NOT NULL;
CREATE INDEX messages_deleted_at ON messages (deleted_at) WHERE deleted_at IS NOT NULL;
