-- Who made a room; NULL for the application's rooms, and for those of before:
-- they stay when all have left.
ALTER TABLE rooms ADD COLUMN made_by BIGINT;
-- Since when it is known that a room has no members.
ALTER TABLE rooms ADD COLUMN left_at BIGINT;
CREATE INDEX rooms_made_by ON rooms (made_by) WHERE made_by IS NOT NULL AND id IS NOT NULL;
CREATE INDEX rooms_left ON rooms (key)
    WHERE member_count = 0 AND made_by IS NOT NULL AND id IS NOT NULL;
