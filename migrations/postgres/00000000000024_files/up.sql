-- How many bytes of files a user has stored, and has uploaded lately: a
-- level that falls by a day's share a day.
CREATE TABLE file_usage (
    user_key  BIGINT PRIMARY KEY NOT NULL,
    stored    BIGINT NOT NULL,
    recent    BIGINT NOT NULL,
    recent_at BIGINT NOT NULL
);
INSERT INTO file_usage
    SELECT uploader_key, sum(size), 0, 0 FROM attachments WHERE NOT remove GROUP BY uploader_key;

-- What is to be removed is looked for every few seconds: an index for each of
-- the two questions, because SQLite answers neither from one for both.
DROP INDEX attachments_loose;
CREATE INDEX attachments_remove ON attachments (created_at) WHERE remove;
CREATE INDEX attachments_unsent ON attachments (created_at) WHERE message_id IS NULL;

-- The index of the search has more to tell apart, and is made anew.
DROP TABLE message_words;
DROP TABLE indexed_rooms;
CREATE TABLE message_words (
    message_id BIGINT PRIMARY KEY NOT NULL,
    room_key   BIGINT   NOT NULL,
    seq        BIGINT   NOT NULL,
    sender_key BIGINT   NOT NULL,
    created_at BIGINT   NOT NULL,
    words      TSVECTOR NOT NULL
);
CREATE INDEX message_words_words ON message_words USING GIN (words);
CREATE INDEX message_words_room ON message_words (room_key, seq);
-- Up to which change a room is in the index, and up to which position its
-- messages have been taken out again.
CREATE TABLE indexed_rooms (
    room_key BIGINT PRIMARY KEY NOT NULL,
    upto     BIGINT NOT NULL,
    floor    BIGINT NOT NULL DEFAULT 0
);
-- With which rules the words were found: one row.
CREATE TABLE search_version (
    version BIGINT NOT NULL
);
