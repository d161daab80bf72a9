-- Replies stay in the threads of their roots: that is where they were shown.
ALTER TABLE outbox DROP COLUMN reason;
ALTER TABLE members DROP COLUMN peer_deleted;
DROP INDEX members_placed;
ALTER TABLE members DROP COLUMN placed_by;
