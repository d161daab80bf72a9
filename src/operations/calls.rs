//! The table of REST: which call asks for which operation. Its route and its
//! description are both made from it.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, Route, http::StatusCode, web};
use serde_json::{Map, Value};

use super::{
    Operation, Shown,
    ban::{Ban, Unban},
    join::AddMember,
    leave::RemoveMember,
    member::UpdateMember,
    pin::{Pin, Unpin},
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
    call::<TransferRoom>(Post, "/rooms/{room}/transfer", &[], "Hand a room over"),
    call::<AddMember>(Put, "/rooms/{room}/members/{user}", &[409], "Add a member, or join"),
    call::<UpdateMember>(Patch, "/rooms/{room}/members/{user}", &[409], "Give a role, or mute"),
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

/// Reads a request from the path, the query and the body, and answers it.
async fn answer<O: Operation>(
    state: web::Data<State>,
    who: Identity,
    path: web::Path<BTreeMap<String, String>>,
    request: HttpRequest,
    Body(body): Body<Map<String, Value>>,
) -> Result<HttpResponse, ApiError> {
    let mut input = Input::of(body);
    let query = web::Query::<BTreeMap<String, String>>::from_query(request.query_string());
    let query = query.map_err(|_| ApiError::field("query", "cannot be read"))?.into_inner();
    for (name, text) in query {
        input.add(&name, text);
    }
    for (name, text) in path.into_inner() {
        input.add(field_of(&name), text);
    }
    let mut operation: O = input.read()?;
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
