ALTER TABLE rooms DROP COLUMN ownerless;
