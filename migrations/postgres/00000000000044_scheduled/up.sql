-- Messages that are to be sent later. Their files have this id in the place of a message's.
CREATE TABLE scheduled (
    id             BIGINT NOT NULL PRIMARY KEY,
    user_key       BIGINT NOT NULL,
    room_key       BIGINT NOT NULL,
    client_id      TEXT   NOT NULL,
    content        TEXT   NOT NULL,
    reply_to       BIGINT,
    thread_id      BIGINT,
    in_room        BOOLEAN NOT NULL,
    metadata       TEXT,
    -- As those of a message.
    attachments    TEXT,
    send_at        BIGINT NOT NULL,
    -- When it is tried; NULL: it was refused.
    try_at         BIGINT,
    failed_code    TEXT,
    failed_message TEXT,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX scheduled_client ON scheduled (user_key, client_id);
CREATE INDEX scheduled_room ON scheduled (room_key);
CREATE INDEX scheduled_due ON scheduled (try_at) WHERE try_at IS NOT NULL;
