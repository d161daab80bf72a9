-- Under which ids of the application's own messages were imported, so that none is
-- imported twice and later lines find them.
CREATE TABLE imported_messages (
    room_key   BIGINT NOT NULL,
    id         TEXT   NOT NULL,
    message_id BIGINT NOT NULL,
    PRIMARY KEY (room_key, id)
) WITHOUT ROWID;
CREATE INDEX imported_messages_message ON imported_messages (message_id);
