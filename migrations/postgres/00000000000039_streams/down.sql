DROP TABLE streams;
ALTER TABLE messages DROP COLUMN stream;
