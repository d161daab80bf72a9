//! The table of REST: which call asks for which operation. Its route and its
//! description are both made from it.

use std::{collections::BTreeMap, fmt};

use actix_web::{HttpRequest, HttpResponse, Route, http::StatusCode, web};
use serde::{Deserialize, Deserializer, de::Visitor};
use serde_json::{Map, Value};

use super::{
    Operation, Shown,
    ban::{Ban, Unban},
    direct::{Block, OpenDirect, OpenDirectOf, Unblock},
    disconnect::{DisconnectRoom, DisconnectUser},
    edit::Edit,
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
use crate::{
    auth::Identity,
    error::ApiError,
    protocol::{Input, describe::Schemas},
    rest::{Body, State},
    routes::Verb,
};
use Verb::{Delete, Patch, Post, Put};

/// The header by which sending again does nothing again; a field of this name
/// is read from it.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// One call.
pub struct Call {
    pub verb: Verb,
    pub path: &'static str,
    pub summary: &'static str,
    /// Statuses of refusals besides those that every such call may have.
    pub also: &'static [u16],
    pub route: fn() -> Route,
    /// The fields of its path, its query and its body, as one object.
    pub takes: fn(&mut Schemas) -> Value,
    /// The body of its answer.
    pub gives: fn(&mut Schemas) -> Value,
    pub statuses: &'static [u16],
}

#[rustfmt::skip]
pub const CALLS: &[Call] = &[
    call::<CreateRoom>(Post, "/rooms", &[409], "Create a room"),
    call::<OpenDirectOf>(Post, "/rooms/direct", &[404, 409], "Open a direct room between two users (service)"),
    call::<OpenDirect>(Put, "/rooms/direct/{user}", &[409], "Open a direct room with another user"),
    call::<UpdateRoom>(Patch, "/rooms/{room}", &[], "Change title, topic or custom data"),
    call::<DeleteRoom>(Delete, "/rooms/{room}", &[], "Delete a room"),
    call::<Send>(Post, "/rooms/{room}/messages", &[409], "Send a message"),
    call::<PublishToRoom>(Post, "/rooms/{room}/events", &[], "Publish an event into a room (service)"),
    call::<PublishToUser>(Post, "/users/{user}/events", &[], "Publish an event to a user (service)"),
    call::<PublishToRole>(Post, "/roles/{context}/events", &[], "Publish an event to a role context (service)"),
    call::<PublishToEveryone>(Post, "/broadcast", &[], "Publish an event to everyone (service)"),
    call::<DisconnectRoom>(Post, "/rooms/{room}/disconnect", &[], "Close a room's connections (admin)"),
    call::<DisconnectUser>(Post, "/users/{user}/disconnect", &[], "Close a user's connections (admin)"),
    call::<ClearRoom>(Delete, "/rooms/{room}/messages", &[], "Delete all messages"),
    call::<SetRetention>(Put, "/rooms/{room}/retention", &[], "Set the retention of a room (admin)"),
    call::<MarkRead>(Put, "/rooms/{room}/read", &[], "Move the read mark"),
    call::<MarkDelivered>(Put, "/rooms/{room}/delivered", &[], "Report messages as delivered"),
    call::<AckInbox>(Put, "/inbox", &[], "Acknowledge inbox events"),
    call::<Block>(Put, "/blocks/{user}", &[409], "Block"),
    call::<Unblock>(Delete, "/blocks/{user}", &[], "Unblock"),
    call::<Edit>(Patch, "/messages/{message}", &[], "Edit"),
    call::<super::edit::Delete>(Delete, "/messages/{message}", &[], "Delete"),
    call::<React>(Put, "/messages/{message}/reactions/{emoji}", &[409], "React"),
    call::<Unreact>(Delete, "/messages/{message}/reactions/{emoji}", &[], "Take a reaction back"),
    call::<TransferRoom>(Post, "/rooms/{room}/transfer", &[], "Transfer ownership"),
    call::<AddMember>(Put, "/rooms/{room}/members/{user}", &[409], "Add a member, or join"),
    call::<UpdateMember>(Patch, "/rooms/{room}/members/{user}", &[409], "Change a member's role, or mute them"),
    call::<RemoveMember>(Delete, "/rooms/{room}/members/{user}", &[409], "Remove a member, or leave"),
    call::<Ban>(Put, "/rooms/{room}/bans/{user}", &[409], "Ban"),
    call::<Unban>(Delete, "/rooms/{room}/bans/{user}", &[], "End a ban"),
    call::<Pin>(Put, "/messages/{message}/pin", &[409], "Pin"),
    call::<Unpin>(Delete, "/messages/{message}/pin", &[], "Unpin"),
];

const fn call<O: Operation>(
    verb: Verb,
    path: &'static str,
    also: &'static [u16],
    summary: &'static str,
) -> Call {
    Call {
        verb,
        path,
        summary,
        also,
        route: route::<O>,
        takes: takes::<O>,
        gives: gives::<O>,
        statuses: <O::Answer as Shown>::STATUSES,
    }
}

fn takes<O: Operation>(schemas: &mut Schemas) -> Value {
    schemas.inline::<O>()
}

fn gives<O: Operation>(schemas: &mut Schemas) -> Value {
    schemas.of::<<O::Answer as Shown>::View<'static>>()
}

fn route<O: Operation>() -> Route {
    web::to(answer::<O>)
}

/// The field that a part of a path is.
pub fn field_of(part: &str) -> &str {
    match part {
        "room" => "room_id",
        "user" => "user_id",
        "message" => "message_id",
        other => other,
    }
}

/// The name of a part of a path. actix gives it to whoever asks for the name of
/// a field, and to nobody who asks for a text.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Part(String);

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = Part;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Part, E> {
                Ok(Part(name.to_owned()))
            }
        }

        from.deserialize_identifier(Name)
    }
}

/// Reads a request from the path, the query and the body, and answers it.
async fn answer<O: Operation>(
    state: web::Data<State>,
    who: Identity,
    path: web::Path<BTreeMap<Part, String>>,
    request: HttpRequest,
    Body(body): Body<Map<String, Value>>,
) -> Result<HttpResponse, ApiError> {
    let mut input = Input::of(body);
    let query = web::Query::<BTreeMap<String, String>>::from_query(request.query_string());
    let query = query.map_err(|_| ApiError::field("query", "cannot be read"))?.into_inner();
    for (name, text) in query {
        input.add(&name, text);
    }
    if let Some(key) = request.headers().get(IDEMPOTENCY_KEY) {
        let text = key.to_str().map_err(|_| ApiError::field(IDEMPOTENCY_KEY, "must be plain text"));
        input.add(IDEMPOTENCY_KEY, text?.to_owned());
    }
    let names_message = path.keys().any(|Part(name)| name == "message");
    for (Part(name), text) in path.into_inner() {
        input.add(field_of(&name), text);
    }
    let mut operation: O = input.read().map_err(|refusal| match refusal.field.as_deref() {
        // The ids of messages are the server's own: what is none is not there.
        Some("message_id") if names_message => ApiError::not_found("message"),
        _ => refusal.into(),
    })?;
    operation.check(&state.rules())?;
    let answer = state.operate(&who, operation).await?;
    Ok(respond(&answer))
}

fn respond<A: Shown>(answer: &A) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::OK);
    match status {
        StatusCode::NO_CONTENT => HttpResponse::NoContent().finish(),
        status => HttpResponse::build(status).json(answer.view()),
    }
}
