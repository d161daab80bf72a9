//! Every call there is.

use schemars::JsonSchema;
use serde_json::Value;

use super::shapes::{AsyncApiDocument, Export, OpenApiDocument};
use crate::{
    protocol::{
        AttachmentView, HistoryView, MessageView, ReadMarkView, RoomView, describe::Schemas,
        events::PresenceView, server_frame::SelfView,
    },
    rest::{
        accounts::TokensView,
        admin::{AuditPage, ConnectionCount, Connections, RetentionView},
        api_keys::{KeyView, Keys},
        bans::Bans,
        blocks::Blocks,
        events::{Events, Inbox},
        members::Members,
        messages::{MessageCount, Pins, ReachedPage, Reactions, Thread},
        metrics::Stats,
        presence::RoomPresence,
        read::{AllMoved, Receipts, Unread},
        rooms::Rooms,
        search::Results,
        tokens::UserBanView,
        webhooks::{Letters, Replayed, Targets},
    },
};

/// What a call takes.
#[derive(Clone, Copy)]
pub enum Takes {
    Nothing,
    /// A JSON object with these fields; those with `?` may be left out. What
    /// follows a colon says which field of this name it is ([`super::fields`]).
    Json(&'static [&'static str]),
    /// Any bytes.
    File,
}

/// What a call gives when it is granted.
#[derive(Clone, Copy)]
pub enum Gives {
    Nothing,
    /// JSON, with the schema of the type that is sent.
    One(fn(&mut Schemas) -> Value),
    /// A file, of which one may also have a part.
    File,
    Picture,
}

/// What can be done at a path.
pub struct Call {
    pub method: &'static str,
    /// The fields of the query.
    pub query: &'static [&'static str],
    pub takes: Takes,
    /// The status when it is granted.
    pub status: u16,
    /// Other statuses, besides those that every such call may have
    /// (`refusals`).
    pub also: &'static [u16],
    pub gives: Gives,
    pub summary: &'static str,
}

use Gives::{Nothing as None_, One, Picture};
use Takes::{File, Json, Nothing};

/// A list by user id.
const PAGE: &[&str] = &["after:user", "limit"];
/// A list by position, or by a number that the server gave.
const NUMBERED: &[&str] = &["after", "limit"];
/// A list that goes on from where the last page said.
const PAGED: &[&str] = &["cursor:page", "limit"];
const CURSORS: &[&str] = &["before", "after", "around", "limit"];
const SEARCH: &[&str] = &["q", "room_id", "sender", "from", "to", "sort", "limit:search", "cursor"];

fn of<T: JsonSchema>(schemas: &mut Schemas) -> Value {
    schemas.of::<T>()
}

const fn call(
    method: &'static str,
    query: &'static [&'static str],
    takes: Takes,
    (status, also): (u16, &'static [u16]),
    gives: Gives,
    summary: &'static str,
) -> Call {
    Call { method, query, takes, status, also, gives, summary }
}

const OK: (u16, &[u16]) = (200, &[]);
const DONE: (u16, &[u16]) = (204, &[]);

/// A test holds it against the table of routes.
#[rustfmt::skip]
pub const CALLS: &[(&str, &[Call])] = &[
    ("/auth/register", &[call("post", &[], Json(&["user_id", "password", "name:account?"]), (201, &[404, 409]), One(of::<TokensView<'_>>), "Create an account")]),
    ("/auth/login", &[call("post", &[], Json(&["user_id", "password:login"]), (200, &[401, 404]), One(of::<TokensView<'_>>), "Log in")]),
    ("/auth/refresh", &[call("post", &[], Json(&["refresh_token"]), (200, &[401, 404]), One(of::<TokensView<'_>>), "Refresh the tokens")]),
    ("/auth/logout", &[call("post", &[], Json(&["refresh_token"]), (204, &[404]), None_, "End a login")]),
    ("/auth/password", &[call("post", &[], Json(&["old_password", "new_password"]), (204, &[404]), None_, "Change the password and end all other sign-ins")]),
    ("/me", &[call("get", &[], Nothing, OK, One(of::<SelfView<'_>>), "The authenticated user")]),
    ("/rooms", &[
        call("get", PAGED, Nothing, OK, One(of::<Rooms<'_>>), "The user's rooms, with the last message of each"),
    ]),
    ("/rooms/{room}", &[
        call("get", &[], Nothing, OK, One(of::<RoomView<'_>>), "A room"),
    ]),
    ("/rooms/{room}/members", &[call("get", PAGE, Nothing, OK, One(of::<Members<'_>>), "Members")]),
    ("/rooms/{room}/bans", &[call("get", PAGE, Nothing, OK, One(of::<Bans<'_>>), "List bans")]),
    ("/rooms/{room}/read", &[
        call("get", &[], Nothing, OK, One(of::<ReadMarkView<'_>>), "One's own read mark"),
    ]),
    ("/rooms/{room}/receipts", &[call("get", PAGE, Nothing, OK, One(of::<Receipts<'_>>), "Read and delivered marks of the members")]),
    ("/rooms/{room}/presence", &[call("get", &[], Nothing, OK, One(of::<RoomPresence<'_>>), "Presence in the room")]),
    ("/rooms/{room}/events", &[
        call("get", NUMBERED, Nothing, OK, One(of::<Events<'_>>), "What the application published"),
    ]),
    ("/rooms/{room}/messages", &[
        call("get", CURSORS, Nothing, OK, One(of::<HistoryView<'_>>), "A page of history"),
    ]),
    ("/rooms/{room}/messages/count", &[call("get", &[], Nothing, OK, One(of::<MessageCount>), "How many messages there are")]),
    ("/rooms/{room}/pins", &[call("get", PAGED, Nothing, OK, One(of::<Pins<'_>>), "Pinned messages")]),
    ("/messages/{message}", &[
        call("get", &[], Nothing, OK, One(of::<MessageView<'_>>), "A message"),
    ]),
    ("/messages/{message}/thread", &[call("get", NUMBERED, Nothing, OK, One(of::<Thread<'_>>), "A thread")]),
    ("/messages/{message}/receipts", &[call("get", PAGE, Nothing, OK, One(of::<ReachedPage<'_>>), "Who has read it")]),
    ("/messages/{message}/reactions", &[call("get", PAGE, Nothing, OK, One(of::<Reactions<'_>>), "Who reacted")]),
    ("/attachments", &[call("post", &["name"], File, (201, &[409]), One(of::<AttachmentView<'_>>), "Upload a file")]),
    ("/attachments/{id}", &[
        call("get", &[], Nothing, OK, One(of::<AttachmentView<'_>>), "An attachment"),
        call("delete", &[], Nothing, DONE, None_, "Delete an unsent upload"),
    ]),
    ("/attachments/{id}/content", &[call("get", &[], Nothing, OK, Gives::File, "The file")]),
    ("/attachments/{id}/thumbnail", &[call("get", &[], Nothing, OK, Picture, "A small picture of it")]),
    ("/read-all", &[call("post", &[], Nothing, OK, One(of::<AllMoved<'_>>), "Mark everything read")]),
    ("/unread", &[call("get", PAGED, Nothing, OK, One(of::<Unread<'_>>), "What is unread")]),
    ("/search", &[call("get", SEARCH, Nothing, (200, &[404]), One(of::<Results<'_>>), "Search one's rooms")]),
    ("/inbox", &[
        call("get", NUMBERED, Nothing, OK, One(of::<Inbox<'_>>), "Events in the inbox"),
    ]),
    ("/blocks", &[call("get", PAGE, Nothing, OK, One(of::<Blocks<'_>>), "List blocked users")]),
    ("/users/{user}/presence", &[call("get", &[], Nothing, OK, One(of::<PresenceView<'_>>), "Presence of a user")]),
    ("/connections", &[call("get", NUMBERED, Nothing, OK, One(of::<Connections<'_>>), "Open connections (admin)")]),
    ("/connections/count", &[call("get", &[], Nothing, OK, One(of::<ConnectionCount>), "Number of open connections (admin)")]),
    ("/rooms/{room}/connections", &[call("get", NUMBERED, Nothing, OK, One(of::<Connections<'_>>), "Open connections of a room (admin)")]),
    ("/rooms/{room}/connections/count", &[call("get", &[], Nothing, OK, One(of::<ConnectionCount>), "Number of open connections (admin)")]),
    ("/users/{user}/connections", &[call("get", NUMBERED, Nothing, OK, One(of::<Connections<'_>>), "Open connections of a user (admin)")]),
    ("/users/{user}/connections/count", &[call("get", &[], Nothing, OK, One(of::<ConnectionCount>), "Number of open connections (admin)")]),
    ("/rooms/{room}/retention", &[
        call("get", &[], Nothing, OK, One(of::<RetentionView>), "Retention of a room (admin)"),
    ]),
    ("/users/{user}", &[call("delete", &[], Nothing, DONE, None_, "Delete a user with their data (admin)")]),
    ("/users/{user}/export", &[call("get", &[], Nothing, OK, One(of::<Export<'_>>), "All data of a user (admin)")]),
    ("/users/{user}/revoke", &[call("post", &[], Nothing, DONE, None_, "Revoke all tokens of a user (admin)")]),
    ("/users/{user}/ban", &[
        call("get", &[], Nothing, OK, One(of::<UserBanView<'_>>), "Whether a user is banned (admin)"),
        call("put", &[], Json(&["until?", "ban_seconds?", "reason?"]), DONE, None_, "Ban a user (admin)"),
        call("delete", &[], Nothing, DONE, None_, "End a ban (admin)"),
    ]),
    ("/tokens/revoke", &[call("post", &[], Json(&["token_id", "expires_at?"]), DONE, None_, "Revoke a token (admin)")]),
    ("/api-keys", &[
        call("get", NUMBERED, Nothing, OK, One(of::<Keys<'_>>), "List API keys (admin)"),
        call("post", &[], Json(&["name:key", "role:key?"]), (201, &[409]), One(of::<KeyView<'_>>), "Create an API key (admin)"),
    ]),
    ("/api-keys/{id}", &[call("delete", &[], Nothing, DONE, None_, "Revoke an API key (admin)")]),
    ("/webhooks", &[call("get", &[], Nothing, OK, One(of::<Targets>), "Webhooks (admin)")]),
    ("/webhooks/dead", &[call("get", NUMBERED, Nothing, OK, One(of::<Letters<'_>>), "List dead letters (admin)")]),
    ("/webhooks/dead/replay", &[call("post", &[], Nothing, OK, One(of::<Replayed>), "Replay all dead letters (admin)")]),
    ("/webhooks/dead/{id}", &[call("delete", &[], Nothing, DONE, None_, "Delete a dead letter (admin)")]),
    ("/webhooks/dead/{id}/replay", &[call("post", &[], Nothing, DONE, None_, "Replay a dead letter (admin)")]),
    ("/stats", &[call("get", &[], Nothing, OK, One(of::<Stats>), "Metrics (admin)")]),
    ("/audit", &[call("get", &["before", "limit"], Nothing, OK, One(of::<AuditPage<'_>>), "Audit log (admin)")]),
    ("/openapi.json", &[call("get", &[], Nothing, OK, One(of::<OpenApiDocument>), "This document")]),
    ("/asyncapi.json", &[call("get", &[], Nothing, OK, One(of::<AsyncApiDocument>), "AsyncAPI description of the WebSocket")]),
];
