-- What was changed lately is looked up by the index of the search; few
-- messages are in these.
CREATE INDEX messages_edited_at ON messages (edited_at) WHERE edited_at IS NOT NULL;
CREATE INDEX messages_deleted_at ON messages (deleted_at) WHERE deleted_at IS NOT NULL;
