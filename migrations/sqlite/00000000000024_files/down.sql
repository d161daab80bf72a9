DROP INDEX attachments_unsent;
DROP INDEX attachments_remove;
CREATE INDEX attachments_loose ON attachments (created_at) WHERE message_id IS NULL OR remove;
DROP TABLE file_usage;
