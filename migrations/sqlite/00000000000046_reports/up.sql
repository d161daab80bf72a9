-- What was reported to those who moderate: a message (message_id, room_key), or a user. A
-- message or user has at most one that is not decided.
CREATE TABLE reports (
    id          BIGINT NOT NULL PRIMARY KEY,
    room_key    BIGINT,
    message_id  BIGINT,
    user_key    BIGINT NOT NULL,
    content     TEXT,
    count       BIGINT NOT NULL,
    reasons     TEXT   NOT NULL,
    reported_at BIGINT NOT NULL,
    decided_at  BIGINT,
    decided_by  BIGINT,
    decision    TEXT,
    note        TEXT,
    -- Since when somebody carries out a decision.
    claimed_at  BIGINT
) WITHOUT ROWID;
CREATE INDEX reports_message ON reports (message_id);
CREATE INDEX reports_user ON reports (user_key);
CREATE INDEX reports_room ON reports (room_key, id);
CREATE INDEX reports_open ON reports (id) WHERE decided_at IS NULL;
CREATE INDEX reports_open_room ON reports (room_key, id) WHERE decided_at IS NULL;
CREATE INDEX reports_decided ON reports (decided_at) WHERE decided_at IS NOT NULL;

-- By whom.
CREATE TABLE reported_by (
    report_id BIGINT NOT NULL,
    user_key  BIGINT NOT NULL,
    reason    TEXT   NOT NULL,
    note      TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (report_id, user_key)
) WITHOUT ROWID;
CREATE INDEX reported_by_user ON reported_by (user_key, report_id);

-- Of which report a webhook tells.
ALTER TABLE outbox ADD COLUMN report_id BIGINT;
