-- Lists of words and patterns that messages are checked against: of a room, or of the
-- deployment (room_key 0). Words and patterns are JSON; how many there are is counted once.
CREATE TABLE blocklists (
    room_key      BIGINT NOT NULL,
    id            TEXT   NOT NULL,
    action        TEXT   NOT NULL,
    words         TEXT   NOT NULL,
    patterns      TEXT   NOT NULL,
    word_count    BIGINT NOT NULL,
    pattern_count BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (room_key, id)
);
