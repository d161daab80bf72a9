-- Messages that users have saved, and when they want to be reminded of them. Of one user no
-- two have the same updated_at; the row of message 0 says when one was last taken away.
CREATE TABLE saved (
    user_key    BIGINT NOT NULL,
    message_id  BIGINT NOT NULL,
    note        TEXT,
    saved_at    BIGINT NOT NULL,
    remind_at   BIGINT,
    reminded_at BIGINT,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (user_key, message_id)
);
CREATE INDEX saved_newest ON saved (user_key, saved_at);
CREATE INDEX saved_message ON saved (message_id);
CREATE INDEX saved_due ON saved (remind_at) WHERE remind_at IS NOT NULL AND reminded_at IS NULL;
