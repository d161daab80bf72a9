DROP INDEX rooms_left;
DROP INDEX rooms_made_by;
ALTER TABLE rooms DROP COLUMN left_at;
ALTER TABLE rooms DROP COLUMN made_by;
