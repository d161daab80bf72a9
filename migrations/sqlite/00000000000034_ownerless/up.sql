-- Rooms that were made by rule: nobody has to own them.
ALTER TABLE rooms ADD COLUMN ownerless BOOLEAN NOT NULL DEFAULT FALSE;
