-- Times are milliseconds since 1970, UTC.

CREATE TABLE users (
    key           INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    id            TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    -- NULL for a user who was seen with a token and has not registered.
    password_hash TEXT,
    created_at    BIGINT  NOT NULL
);

CREATE TABLE rooms (
    -- Never used again: whoever still holds the key of a deleted room must
    -- not meet another one under it.
    key           INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    -- NULL once the room is deleted, so that the id is free again.
    id            TEXT UNIQUE,
    kind          TEXT    NOT NULL,
    title         TEXT    NOT NULL,
    created_at    BIGINT  NOT NULL,
    -- Messages up to this position have been cleared and are not shown.
    floor_seq     BIGINT  NOT NULL DEFAULT 0,
    -- Rows that nobody can see are still to be deleted.
    purge_pending BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX rooms_purge ON rooms (key) WHERE purge_pending;

-- The position of a room's newest event. Apart from `rooms`, because it is
-- written with every batch and the rest of a room is not.
CREATE TABLE room_heads (
    room_key BIGINT PRIMARY KEY NOT NULL,
    last_seq BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE members (
    room_key     BIGINT NOT NULL,
    user_key     BIGINT NOT NULL,
    role         TEXT   NOT NULL,
    joined_at    BIGINT NOT NULL,
    -- What came after is unread: the head at the time of joining, then the
    -- read mark.
    unread_after BIGINT NOT NULL,
    PRIMARY KEY (room_key, user_key)
) WITHOUT ROWID;
CREATE INDEX members_user ON members (user_key, room_key);

CREATE TABLE receipts (
    room_key BIGINT NOT NULL,
    user_key BIGINT NOT NULL,
    read_seq BIGINT NOT NULL,
    read_at  BIGINT NOT NULL,
    PRIMARY KEY (room_key, user_key)
) WITHOUT ROWID;

CREATE TABLE messages (
    id          INTEGER PRIMARY KEY NOT NULL,
    room_key    BIGINT NOT NULL,
    -- Where it was created.
    seq         BIGINT NOT NULL,
    -- Its latest change.
    changed_seq BIGINT NOT NULL,
    sender_key  BIGINT NOT NULL,
    client_id   TEXT,
    content     TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX messages_seq ON messages (room_key, seq);
CREATE UNIQUE INDEX messages_client_id ON messages (sender_key, client_id)
    WHERE client_id IS NOT NULL;

CREATE TABLE refresh_tokens (
    -- SHA-256 of the token.
    hash       BLOB   PRIMARY KEY NOT NULL,
    user_key   BIGINT NOT NULL,
    -- All that came of one login; revoked together.
    family     BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT,
    revoked_at BIGINT
) WITHOUT ROWID;
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_expires ON refresh_tokens (expires_at);
