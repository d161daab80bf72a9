-- Nothing asks for messages by these times any more: what changed is found by
-- its position.
DROP INDEX messages_edited_at;
DROP INDEX messages_deleted_at;

-- A user's reactions in an order, so that they can be read in pages.
DROP INDEX reactions_user;
CREATE INDEX reactions_user ON reactions (user_key, message_id, emoji);
