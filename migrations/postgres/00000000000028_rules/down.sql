ALTER TABLE former_members DROP COLUMN spoke_at;
ALTER TABLE members DROP COLUMN spoke_at;
ALTER TABLE rooms DROP COLUMN rules;
