ALTER TABLE inbox_heads DROP COLUMN start_seq;
ALTER TABLE room_heads DROP COLUMN start_seq;
DROP TABLE retired_heads;
DROP TABLE life;
