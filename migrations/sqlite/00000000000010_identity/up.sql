-- Tokens that are good no more, though they have not expired.
CREATE TABLE revoked_tokens (
    -- The token's `jti`.
    id         TEXT   PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX revoked_tokens_expires ON revoked_tokens (expires_at);

-- Users some of whose tokens are good no more, or who may not come at all.
CREATE TABLE user_bars (
    user_key     BIGINT PRIMARY KEY NOT NULL,
    -- Tokens issued up to then are void.
    tokens_after BIGINT  NOT NULL,
    banned       BOOLEAN NOT NULL,
    -- NULL: for good.
    banned_until BIGINT,
    reason       TEXT    NOT NULL
) WITHOUT ROWID;

-- Keys of services; only their SHA-256 is stored.
CREATE TABLE api_keys (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name       TEXT   NOT NULL,
    hash       BLOB   NOT NULL UNIQUE,
    -- Separated by blanks.
    roles      TEXT   NOT NULL,
    user_key   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

-- The token that a used one was exchanged for.
ALTER TABLE refresh_tokens ADD COLUMN next_hash BLOB;
