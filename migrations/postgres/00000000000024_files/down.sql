DROP TABLE search_version;
DROP TABLE message_words;
DROP TABLE indexed_rooms;
CREATE TABLE message_words (
    message_id BIGINT PRIMARY KEY NOT NULL,
    room_key   BIGINT   NOT NULL,
    sender_key BIGINT   NOT NULL,
    words      TSVECTOR NOT NULL
);
CREATE INDEX message_words_words ON message_words USING GIN (words);
CREATE TABLE indexed_rooms (
    room_key BIGINT PRIMARY KEY NOT NULL,
    upto     BIGINT NOT NULL
);
DROP INDEX attachments_unsent;
DROP INDEX attachments_remove;
CREATE INDEX attachments_loose ON attachments (created_at) WHERE message_id IS NULL OR remove;
DROP TABLE file_usage;
