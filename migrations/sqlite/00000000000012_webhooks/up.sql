-- What others are still to be told, a row for each of them.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    target     TEXT    NOT NULL,
    -- What is told in order: a room's events, or a user's.
    lane       TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    message_id BIGINT,
    user_id    TEXT,
    seq        BIGINT,
    at         BIGINT  NOT NULL,
    attempts   BIGINT  NOT NULL DEFAULT 0,
    next_at    BIGINT  NOT NULL,
    -- Given up, until somebody replays it.
    dead       BOOLEAN NOT NULL DEFAULT FALSE,
    error      TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX outbox_lanes ON outbox (target, lane, id) WHERE NOT dead;
CREATE INDEX outbox_dead ON outbox (id) WHERE dead;
