CREATE TABLE attachments (
    -- Random, so that nobody guesses another's.
    id             BIGINT PRIMARY KEY NOT NULL,
    uploader_key   BIGINT NOT NULL,
    -- NULL until a message has it.
    room_key       BIGINT,
    message_id     BIGINT,
    name           TEXT COLLATE "C"   NOT NULL,
    content_type   TEXT COLLATE "C"   NOT NULL,
    size           BIGINT NOT NULL,
    sha256         BYTEA,
    width          BIGINT,
    height         BIGINT,
    -- NULL: there is none.
    thumbnail_type TEXT COLLATE "C",
    created_at     BIGINT NOT NULL,
    -- All of it is in the store.
    ready          BOOLEAN NOT NULL DEFAULT FALSE,
    -- It is to be taken out of the store.
    remove         BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX attachments_message ON attachments (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX attachments_loose ON attachments (created_at) WHERE message_id IS NULL OR remove;
CREATE INDEX attachments_uploader ON attachments (uploader_key) WHERE message_id IS NULL;
