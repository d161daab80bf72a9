-- Where users are told of what they have not read while they are away.
CREATE TABLE devices (
    user_key      BIGINT NOT NULL,
    id            TEXT   NOT NULL,
    service       TEXT   NOT NULL,
    -- By whom it is told: what is slow there is slow for all that have the same.
    lane          TEXT   NOT NULL,
    -- The endpoint of a browser, or the token of another service: of no two devices the same.
    address       TEXT   NOT NULL,
    -- The keys of a browser.
    p256dh        TEXT,
    auth          TEXT,
    registered_at BIGINT NOT NULL,
    told_at       BIGINT,
    -- How much it was last told to be unread.
    badge         BIGINT,
    -- With what its user was let in; if that is revoked, the device goes.
    via           TEXT,
    PRIMARY KEY (user_key, id)
);
CREATE UNIQUE INDEX devices_address ON devices (service, address);
CREATE INDEX devices_via ON devices (via) WHERE via IS NOT NULL;

-- When users do not want to be told: minutes of the day, by a clock that is so many minutes
-- ahead of UTC.
CREATE TABLE quiet_times (
    user_key           BIGINT NOT NULL PRIMARY KEY,
    from_minute        BIGINT NOT NULL,
    until_minute       BIGINT NOT NULL,
    utc_offset_minutes BIGINT NOT NULL
);

-- What a device is to be told of a room, or of a thread there (0: of the room), and what it
-- shows of it.
CREATE TABLE push_notes (
    user_key   BIGINT NOT NULL,
    device_id  TEXT   NOT NULL,
    room_key   BIGINT NOT NULL,
    thread_id  BIGINT NOT NULL,
    service    TEXT   NOT NULL,
    lane       TEXT   NOT NULL,
    room_id    TEXT   NOT NULL,
    -- The messages that it is to be told of are not before this, and known up to that.
    first_seq  BIGINT NOT NULL,
    last_seq   BIGINT NOT NULL,
    -- When it is to be told; NULL: nothing is to be told.
    next_at    BIGINT,
    attempts   BIGINT NOT NULL,
    -- The newest message that it shows; NULL: none.
    shown_seq  BIGINT,
    shown_id   BIGINT,
    shown_at   BIGINT,
    PRIMARY KEY (user_key, device_id, room_key, thread_id)
);
CREATE INDEX push_notes_due ON push_notes (next_at, lane, user_key) WHERE next_at IS NOT NULL;

-- How far messages have been looked through, and the key by which browsers know the server
-- (PKCS #8).
CREATE TABLE push_state (
    one    BIGINT NOT NULL PRIMARY KEY,
    looked BIGINT,
    key    BYTEA
);
