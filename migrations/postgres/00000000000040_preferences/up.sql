-- What members have set for themselves in a room; NULL in most rows.
-- Of what they want to be told: 'mentions' or 'nothing', perhaps until a time.
ALTER TABLE members ADD COLUMN notifications TEXT;
ALTER TABLE members ADD COLUMN notifications_until BIGINT;
-- Where the room was when it was hidden: it is, until somebody writes behind that.
ALTER TABLE members ADD COLUMN hidden_seq BIGINT;
ALTER TABLE members ADD COLUMN archived BOOLEAN;
ALTER TABLE members ADD COLUMN pinned BOOLEAN;
ALTER TABLE members ADD COLUMN rank BIGINT;
-- From where on it was marked as unread.
ALTER TABLE members ADD COLUMN unread_from BIGINT;
