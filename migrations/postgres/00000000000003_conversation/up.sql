-- People, rooms and messages as a product's chat needs them. What few rows
-- have is NULL in the others: a byte each.

ALTER TABLE users ADD COLUMN last_seen_at BIGINT;
-- Set when the user was deleted; what is left of them stands for the sender
-- of tombstones.
ALTER TABLE users ADD COLUMN deleted_at BIGINT;
-- Messages of a deleted user are still to become tombstones.
ALTER TABLE users ADD COLUMN erase_pending BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX users_erase ON users (key) WHERE erase_pending;

ALTER TABLE rooms ADD COLUMN topic TEXT COLLATE "C" NOT NULL DEFAULT '';
-- A JSON object of the application's.
ALTER TABLE rooms ADD COLUMN custom TEXT COLLATE "C";
-- The keys of the two users of a direct room, the lower one first.
ALTER TABLE rooms ADD COLUMN pair TEXT COLLATE "C";
-- The position at which the room was last cleared or trimmed.
ALTER TABLE rooms ADD COLUMN cleared_seq BIGINT NOT NULL DEFAULT 0;
UPDATE rooms SET cleared_seq = floor_seq;
ALTER TABLE rooms ADD COLUMN member_count BIGINT NOT NULL DEFAULT 0;
-- What this room keeps; NULL: what all rooms keep.
ALTER TABLE rooms ADD COLUMN keep_ms BIGINT;
ALTER TABLE rooms ADD COLUMN keep_messages BIGINT;
UPDATE rooms SET member_count = (SELECT count(*) FROM members WHERE room_key = rooms.key);
CREATE UNIQUE INDEX rooms_pair ON rooms (pair) WHERE pair IS NOT NULL;

ALTER TABLE members ADD COLUMN muted_until BIGINT;
-- The other user of a direct room does not want to hear from this one.
ALTER TABLE members ADD COLUMN blocked BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE receipts ADD COLUMN delivered_seq BIGINT NOT NULL DEFAULT 0;

ALTER TABLE messages ADD COLUMN edited_at BIGINT;
-- A tombstone: the place stays, what was said is gone.
ALTER TABLE messages ADD COLUMN deleted_at BIGINT;
ALTER TABLE messages ADD COLUMN reply_to BIGINT;
ALTER TABLE messages ADD COLUMN thread_id BIGINT;
ALTER TABLE messages ADD COLUMN thread_count BIGINT;
ALTER TABLE messages ADD COLUMN thread_last BIGINT;
-- JSON: an object of the sender's; who is mentioned; what is attached; who
-- reacted how. Kept with the message, so that a page of history is one read.
ALTER TABLE messages ADD COLUMN metadata TEXT COLLATE "C";
ALTER TABLE messages ADD COLUMN mentions TEXT COLLATE "C";
ALTER TABLE messages ADD COLUMN attachments TEXT COLLATE "C";
ALTER TABLE messages ADD COLUMN reactions TEXT COLLATE "C";
ALTER TABLE messages ADD COLUMN pinned_at BIGINT;
ALTER TABLE messages ADD COLUMN pinned_by TEXT COLLATE "C";
-- All of these are of few rows, so that a plain message costs none of them.
CREATE INDEX messages_changed ON messages (room_key, changed_seq) WHERE changed_seq > seq;
CREATE INDEX messages_deleted ON messages (room_key, seq, sender_key) WHERE deleted_at IS NOT NULL;
CREATE INDEX messages_thread ON messages (thread_id, seq) WHERE thread_id IS NOT NULL;
CREATE INDEX messages_pinned ON messages (room_key, pinned_at) WHERE pinned_at IS NOT NULL;

CREATE TABLE reactions (
    message_id BIGINT NOT NULL,
    emoji      TEXT COLLATE "C"   NOT NULL,
    user_key   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (message_id, emoji, user_key)
);
CREATE INDEX reactions_user ON reactions (user_key);

-- Who is mentioned where; `user_key` 0 stands for everyone in the room.
CREATE TABLE mentions (
    room_key   BIGINT NOT NULL,
    user_key   BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    sender_key BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    PRIMARY KEY (room_key, user_key, seq)
);
CREATE INDEX mentions_message ON mentions (message_id);

-- What former members would be if they came back: a mute or the role of a
-- reader does not end because one leaves.
CREATE TABLE former_members (
    room_key    BIGINT  NOT NULL,
    user_key    BIGINT  NOT NULL,
    read_only   BOOLEAN NOT NULL,
    muted_until BIGINT,
    PRIMARY KEY (room_key, user_key)
);

CREATE TABLE bans (
    room_key   BIGINT NOT NULL,
    user_key   BIGINT NOT NULL,
    -- NULL: for good.
    until      BIGINT,
    reason     TEXT COLLATE "C"   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (room_key, user_key)
);

CREATE TABLE blocks (
    user_key    BIGINT NOT NULL,
    blocked_key BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (user_key, blocked_key)
);

-- What the application published into a room; each has a place in its
-- timeline.
CREATE TABLE room_events (
    room_key   BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    kind       TEXT COLLATE "C"   NOT NULL,
    data       TEXT COLLATE "C"   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (room_key, seq)
);

-- What the application told a user.
CREATE TABLE inbox (
    user_key   BIGINT NOT NULL,
    inbox_seq  BIGINT NOT NULL,
    kind       TEXT COLLATE "C"   NOT NULL,
    data       TEXT COLLATE "C"   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_key, inbox_seq)
);
CREATE INDEX inbox_age ON inbox (created_at);
CREATE TABLE inbox_heads (
    user_key  BIGINT PRIMARY KEY NOT NULL,
    last_seq  BIGINT NOT NULL,
    -- The user's clients have said that they have what came up to here.
    acked_seq BIGINT NOT NULL
);

-- Under which keys something was published, so that it is not twice.
CREATE TABLE publications (
    key        TEXT COLLATE "C"   PRIMARY KEY NOT NULL,
    position   BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX publications_age ON publications (created_at);

-- Everything an administrator did.
CREATE TABLE audit (
    id         BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    at         BIGINT NOT NULL,
    actor      TEXT COLLATE "C"   NOT NULL,
    action     TEXT COLLATE "C"   NOT NULL,
    target     TEXT COLLATE "C"   NOT NULL,
    -- A JSON object.
    detail     TEXT COLLATE "C"   NOT NULL
);
