-- Which life of the database this is: positions belong to one. One row.
CREATE TABLE life (
    one       BIGINT PRIMARY KEY NOT NULL CHECK (one = 1),
    -- Made anew where there may be less than clients have seen.
    id        TEXT   NOT NULL,
    -- Timelines that are made in it begin here.
    first_seq BIGINT NOT NULL,
    -- By what the database is known to go on where it was; NULL until that
    -- was made sure of for the first time.
    witness   TEXT
);
INSERT INTO life (one, id, first_seq) VALUES (1, replace(gen_random_uuid()::text, '-', ''), 0);

-- Up to where timelines came that are gone, so that others of the same name
-- begin above. Not by name: many share a bucket, and who was deleted is not
-- kept.
CREATE TABLE retired_heads (
    bucket   BIGINT PRIMARY KEY NOT NULL,
    last_seq BIGINT NOT NULL
);

-- Where this life of the timeline began: what is at or before it is no
-- position of it.
ALTER TABLE room_heads ADD COLUMN start_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE inbox_heads ADD COLUMN start_seq BIGINT NOT NULL DEFAULT 0;
