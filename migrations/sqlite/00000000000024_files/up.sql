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
