-- What moderators have laid down for those who write in a room: a JSON object
-- of the rules that differ from those of any room.
ALTER TABLE rooms ADD COLUMN rules TEXT;
-- When a member last wrote, in a room whose rules ask for that; it outlasts
-- leaving and coming back.
ALTER TABLE members ADD COLUMN spoke_at BIGINT;
ALTER TABLE former_members ADD COLUMN spoke_at BIGINT;
