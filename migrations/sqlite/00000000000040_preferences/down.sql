ALTER TABLE members DROP COLUMN unread_from;
ALTER TABLE members DROP COLUMN rank;
ALTER TABLE members DROP COLUMN pinned;
ALTER TABLE members DROP COLUMN archived;
ALTER TABLE members DROP COLUMN hidden_seq;
ALTER TABLE members DROP COLUMN notifications_until;
ALTER TABLE members DROP COLUMN notifications;
