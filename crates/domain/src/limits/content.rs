//! What a request may say, and how much of it: messages, rooms, events.

use std::time::Duration;

use super::{Limits, MEMBER_BYTES, MEMBERS_AT_ONCE};

/// Mentions per message; further ones are plain text.
pub const MENTIONS: usize = 50;
/// Bytes of a message's metadata, and of a room's custom data.
pub const METADATA_BYTES: usize = 4 * 1024;
/// Attachments of one message.
pub const ATTACHMENTS_PER_MESSAGE: usize = 10;
/// Bytes of a reaction's emoji: the longest sequences of Unicode have some 35.
pub const EMOJI_BYTES: usize = 64;
/// Different reactions per message.
pub const EMOJIS_PER_MESSAGE: usize = 50;
/// Users listed with each reaction; REST lists all.
pub const REACTION_USERS: usize = 20;
/// Pinned messages of one room.
pub const PINS_PER_ROOM: i64 = 100;
/// Bytes of the data of an event that the application publishes.
pub const EVENT_BYTES: usize = 16 * 1024;
/// Characters of a reason that an administrator or moderator gives.
pub const REASON_CHARS: usize = 100;

/// Characters of a room's title.
pub const TITLE_CHARS: usize = 200;
/// Characters of a room's topic.
pub const TOPIC_CHARS: usize = 1_000;
/// Characters of a display name.
pub const NAME_CHARS: usize = 100;
/// Bytes of the URL of a user's picture: space for a signed one of a file store.
pub const AVATAR_BYTES: usize = 1_024;
/// Characters of a role.
pub const ROLE_CHARS: usize = 64;
/// Roles of a user that the application keeps here.
pub const USER_ROLES: usize = 32;
/// Bytes of a user's custom data.
pub const USER_CUSTOM_BYTES: usize = 4 * 1024;
/// Users in one request to make or change them.
pub const USERS_PER_REQUEST: usize = 1_000;
/// Bytes of the body of such a request: some 2 KiB for each, or more for fewer.
pub const USERS_BYTES: usize = 2 * 1024 * 1024;
/// Users of such a request that are written at once: others write in between.
pub const USERS_PER_WRITE: usize = 50;
/// Words of a name and an id by which a user is found.
pub const USER_WORDS: usize = 32;
/// Users that a search by name looks at, at most, if it has several words.
pub const USERS_EXAMINED: i64 = 1_000;
/// Users found by name at a time.
pub const USERS_FOUND: i64 = 50;
/// Bytes of what users are looked for by.
pub const USER_QUERY_BYTES: usize = 200;
/// Bytes of a request's `id`.
pub const REQUEST_ID_BYTES: usize = 64;
/// How long the `Idempotency-Key` of a published event is remembered.
pub const PUBLICATION_TTL: Duration = Duration::from_secs(24 * 3600);

/// Size of the largest possible command: its content and metadata, and space
/// for ids and names.
pub const fn command_bytes(content_bytes: usize) -> usize {
    as_json(content_bytes + METADATA_BYTES) + 4 * 1024
}

/// What a text can take in JSON, which may escape each byte as six (`\u0000`).
const fn as_json(bytes: usize) -> usize {
    6 * bytes
}

impl Limits {
    /// Largest body of a REST request: a message, an application event, a room with
    /// all its fields, or a list of members.
    pub fn body_bytes(&self) -> usize {
        let room = as_json(METADATA_BYTES + 4 * (TITLE_CHARS + TOPIC_CHARS)) + 4 * 1024;
        let event = as_json(EVENT_BYTES) + 4 * 1024;
        let members = MEMBERS_AT_ONCE * MEMBER_BYTES;
        command_bytes(self.content_bytes).max(room).max(event).max(members)
    }
}

/// Size of the largest possible event: a message with everything it may have.
/// It has to fit into a connection's queue.
pub const fn event_bytes(content_bytes: usize) -> usize {
    // With quotes, comma and names.
    const ID: usize = 64 + 3;
    const REACTIONS: usize = EMOJIS_PER_MESSAGE * (EMOJI_BYTES + REACTION_USERS * ID + 64);
    const FILES: usize = ATTACHMENTS_PER_MESSAGE * (as_json(255) + 256);
    const QUOTES: usize = 2 * (as_json(4 * 140 + 4 * NAME_CHARS) + AVATAR_BYTES + 512);
    let of_others = REACTIONS + MENTIONS * ID + FILES + QUOTES + AVATAR_BYTES;
    as_json(content_bytes) + METADATA_BYTES + of_others + 4 * 1024
}
