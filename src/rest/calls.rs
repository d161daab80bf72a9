//! The table of REST: which function answers which call. Its route and its
//! description are both made from it.

use std::sync::LazyLock;

use actix_web::http::Method;

use super::{
    accounts, admin, api_keys, attachments, bans, blocks,
    call::{Call, call, operate},
    documents, events, export, members, messages, metrics, presence, read, rooms, search, tokens,
    webhooks,
};
use crate::operations::{
    ban::{Ban, Unban},
    direct::{Block, OpenDirect, OpenDirectOf, Unblock},
    disconnect::{DisconnectRoom, DisconnectUser},
    edit::{Delete, Edit},
    freeze::{Freeze, Unfreeze},
    join::AddMember,
    leave::RemoveMember,
    mark::{MarkDelivered, MarkRead},
    member::UpdateMember,
    pin::{Pin, Unpin},
    present::AckInbox,
    publish::{PublishToEveryone, PublishToRole, PublishToRoom, PublishToUser},
    reaction::{React, Unreact},
    room::{ClearRoom, CreateRoom, DeleteRoom, SetRetention, UpdateRoom},
    send::Send,
    transfer::TransferRoom,
};

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

/// Each with the statuses of refusals that do not follow from what it takes.
#[rustfmt::skip]
pub static CALLS: LazyLock<Vec<Call>> = LazyLock::new(|| vec![
    call(POST, "/auth/register", accounts::register, &[409], "Create an account"),
    call(POST, "/auth/login", accounts::log_in, &[401], "Log in"),
    call(POST, "/auth/refresh", accounts::refresh, &[401], "Refresh the tokens"),
    call(POST, "/auth/logout", accounts::log_out, &[], "End a login"),
    call(POST, "/auth/password", accounts::change_password, &[], "Change the password and end all other sign-ins"),
    call(GET, "/me", accounts::me, &[], "The authenticated user"),

    call(GET, "/rooms", rooms::list, &[], "The user's rooms, with the last message of each"),
    call(POST, "/rooms", operate::<CreateRoom>, &[409], "Create a room"),
    call(POST, "/rooms/direct", operate::<OpenDirectOf>, &[404, 409], "Open a direct room between two users (service)"),
    call(PUT, "/rooms/direct/{user}", operate::<OpenDirect>, &[409], "Open a direct room with another user"),
    call(GET, "/rooms/{room}", rooms::show, &[], "A room"),
    call(PATCH, "/rooms/{room}", operate::<UpdateRoom>, &[], "Change title, topic or custom data"),
    call(DELETE, "/rooms/{room}", operate::<DeleteRoom>, &[], "Delete a room"),
    call(POST, "/rooms/{room}/transfer", operate::<TransferRoom>, &[], "Transfer ownership"),
    call(PUT, "/rooms/{room}/freeze", operate::<Freeze>, &[], "Freeze: only moderators write"),
    call(DELETE, "/rooms/{room}/freeze", operate::<Unfreeze>, &[], "Unfreeze"),
    call(GET, "/rooms/{room}/members", members::list, &[], "Members"),
    call(PUT, "/rooms/{room}/members/{user}", operate::<AddMember>, &[409], "Add a member, or join"),
    call(PATCH, "/rooms/{room}/members/{user}", operate::<UpdateMember>, &[409], "Change a member's role, or mute them"),
    call(DELETE, "/rooms/{room}/members/{user}", operate::<RemoveMember>, &[409], "Remove a member, or leave"),
    call(GET, "/rooms/{room}/bans", bans::list, &[], "List bans"),
    call(PUT, "/rooms/{room}/bans/{user}", operate::<Ban>, &[409], "Ban"),
    call(DELETE, "/rooms/{room}/bans/{user}", operate::<Unban>, &[], "End a ban"),
    call(GET, "/rooms/{room}/read", read::show, &[], "One's own read mark"),
    call(PUT, "/rooms/{room}/read", operate::<MarkRead>, &[], "Move the read mark"),
    call(PUT, "/rooms/{room}/delivered", operate::<MarkDelivered>, &[], "Report messages as delivered"),
    call(GET, "/rooms/{room}/receipts", read::receipts, &[], "Read and delivered marks of the members"),
    call(GET, "/rooms/{room}/presence", presence::of_room, &[], "Presence in the room"),
    call(GET, "/rooms/{room}/events", events::of_room, &[], "What the application published"),
    call(POST, "/rooms/{room}/events", operate::<PublishToRoom>, &[], "Publish an event into a room (service)"),
    call(GET, "/rooms/{room}/connections", admin::connections_of_room, &[], "Open connections of a room (admin)"),
    call(GET, "/rooms/{room}/connections/count", admin::count_of_room, &[], "Number of open connections (admin)"),
    call(POST, "/rooms/{room}/disconnect", operate::<DisconnectRoom>, &[], "Close a room's connections (admin)"),
    call(GET, "/rooms/{room}/retention", admin::retention, &[], "Retention of a room (admin)"),
    call(PUT, "/rooms/{room}/retention", operate::<SetRetention>, &[], "Set the retention of a room (admin)"),

    call(GET, "/rooms/{room}/messages", messages::page, &[], "A page of history"),
    call(POST, "/rooms/{room}/messages", operate::<Send>, &[409], "Send a message"),
    call(DELETE, "/rooms/{room}/messages", operate::<ClearRoom>, &[], "Delete all messages"),
    call(GET, "/rooms/{room}/messages/count", messages::count, &[], "How many messages there are"),
    call(GET, "/rooms/{room}/pins", messages::pins, &[], "Pinned messages"),
    call(GET, "/messages/{message}", messages::show, &[], "A message"),
    call(PATCH, "/messages/{message}", operate::<Edit>, &[], "Edit"),
    call(DELETE, "/messages/{message}", operate::<Delete>, &[], "Delete"),
    call(GET, "/messages/{message}/thread", messages::thread, &[], "A thread"),
    call(GET, "/messages/{message}/receipts", messages::receipts, &[], "Who has read it"),
    call(GET, "/messages/{message}/reactions", messages::reactions, &[], "Who reacted"),
    call(PUT, "/messages/{message}/reactions/{emoji}", operate::<React>, &[409], "React"),
    call(DELETE, "/messages/{message}/reactions/{emoji}", operate::<Unreact>, &[], "Take a reaction back"),
    call(PUT, "/messages/{message}/pin", operate::<Pin>, &[409], "Pin"),
    call(DELETE, "/messages/{message}/pin", operate::<Unpin>, &[], "Unpin"),
    call(POST, "/attachments", attachments::upload, &[409], "Upload a file"),
    call(GET, "/attachments/{id}", attachments::show, &[], "An attachment"),
    call(DELETE, "/attachments/{id}", attachments::delete, &[], "Delete an unsent upload"),
    call(GET, "/attachments/{id}/content", attachments::content, &[], "The file"),
    call(GET, "/attachments/{id}/thumbnail", attachments::thumbnail, &[], "A small picture of it"),

    call(POST, "/read-all", read::mark_all, &[], "Mark everything read"),
    call(GET, "/unread", read::unread, &[], "What is unread"),
    call(GET, "/search", search::search, &[404], "Search one's rooms"),
    call(GET, "/inbox", events::inbox, &[], "Events in the inbox"),
    call(PUT, "/inbox", operate::<AckInbox>, &[], "Acknowledge inbox events"),
    call(GET, "/blocks", blocks::list, &[], "List blocked users"),
    call(PUT, "/blocks/{user}", operate::<Block>, &[409], "Block"),
    call(DELETE, "/blocks/{user}", operate::<Unblock>, &[], "Unblock"),
    call(GET, "/users/{user}/presence", presence::of_user, &[], "Presence of a user"),
    call(POST, "/users/{user}/events", operate::<PublishToUser>, &[], "Publish an event to a user (service)"),
    call(POST, "/roles/{context}/events", operate::<PublishToRole>, &[], "Publish an event to a role context (service)"),
    call(POST, "/broadcast", operate::<PublishToEveryone>, &[], "Publish an event to everyone (service)"),

    call(GET, "/connections", admin::connections, &[], "Open connections (admin)"),
    call(GET, "/connections/count", admin::count, &[], "Number of open connections (admin)"),
    call(GET, "/users/{user}/connections", admin::connections_of_user, &[], "Open connections of a user (admin)"),
    call(GET, "/users/{user}/connections/count", admin::count_of_user, &[], "Number of open connections (admin)"),
    call(POST, "/users/{user}/disconnect", operate::<DisconnectUser>, &[], "Close a user's connections (admin)"),
    call(DELETE, "/users/{user}", admin::delete_user, &[], "Delete a user with their data (admin)"),
    call(GET, "/users/{user}/export", export::user, &[], "All data of a user (admin)"),
    call(POST, "/users/{user}/revoke", tokens::revoke_user, &[], "Revoke all tokens of a user (admin)"),
    call(GET, "/users/{user}/ban", tokens::show_ban, &[], "Whether a user is banned (admin)"),
    call(PUT, "/users/{user}/ban", tokens::ban, &[], "Ban a user (admin)"),
    call(DELETE, "/users/{user}/ban", tokens::unban, &[], "End a ban (admin)"),
    call(POST, "/tokens/revoke", tokens::revoke, &[], "Revoke a token (admin)"),
    call(GET, "/api-keys", api_keys::list, &[], "List API keys (admin)"),
    call(POST, "/api-keys", api_keys::create, &[409], "Create an API key (admin)"),
    call(DELETE, "/api-keys/{id}", api_keys::revoke, &[], "Revoke an API key (admin)"),
    call(GET, "/webhooks", webhooks::list, &[], "Webhooks (admin)"),
    call(GET, "/webhooks/dead", webhooks::dead, &[], "List dead letters (admin)"),
    call(POST, "/webhooks/dead/replay", webhooks::replay_all, &[], "Replay all dead letters (admin)"),
    call(DELETE, "/webhooks/dead/{id}", webhooks::delete, &[], "Delete a dead letter (admin)"),
    call(POST, "/webhooks/dead/{id}/replay", webhooks::replay, &[], "Replay a dead letter (admin)"),
    call(GET, "/stats", metrics::stats, &[], "Metrics (admin)"),
    call(GET, "/audit", admin::audit, &[], "Audit log (admin)"),

    call(GET, "/openapi.json", documents::rest, &[], "This document"),
    call(GET, "/asyncapi.json", documents::socket, &[], "AsyncAPI description of the WebSocket"),
]);
