//! Who is in a room.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    ask::mismatch,
    extract::{Body, ListQuery, room_id, user_id},
};
use crate::{
    auth::Identity,
    chat::{Answer, Command},
    db::MemberChange,
    error::ApiError,
    protocol::{Fields, MemberView},
};
use parlor_domain::{Role, Timestamp};

#[derive(Serialize, JsonSchema)]
pub(super) struct Members<'a> {
    members: Vec<MemberView<'a>>,
    has_more: bool,
}

pub async fn list(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, ApiError> {
    let (after, limit) = query.read()?;
    let room = state.readable_room(&who, &room_id(&room)?).await?;
    let (members, has_more) = state.reader.members(room.key, after.as_ref(), limit).await?;
    let members = members.iter().map(MemberView::from).collect();
    Ok(HttpResponse::Ok().json(Members { members, has_more }))
}

pub async fn add(
    state: web::Data<State>,
    who: Identity,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (room, user) = (room_id(&path.0)?, user_id(&path.1)?);
    let command = Command::AddMember { room, user, mark_read: false };
    match state.ask(&who, command).await? {
        Answer::Member { member, is_new, .. } => {
            let mut response = if is_new { HttpResponse::Created() } else { HttpResponse::Ok() };
            Ok(response.json(MemberView::from(&member)))
        }
        other => Err(mismatch(&other)),
    }
}

pub async fn remove(
    state: web::Data<State>,
    who: Identity,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let command = Command::RemoveMember { room: room_id(&path.0)?, user: user_id(&path.1)? };
    state.ask(&who, command).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A role to give, or a mute: until a time, for some seconds, or `null` to end
/// it.
fn change_of(mut fields: Fields) -> Result<MemberChange, ApiError> {
    let role = fields.text_or_none("role")?.map(|role| {
        let what = "must be owner, moderator, member or read_only";
        Role::parse(&role).ok_or_else(|| ApiError::field("role", what))
    });
    let ends = fields.has("muted_until");
    let until = fields.future_or_none("muted_until", in_seconds(0))?;
    let seconds = fields.number_or_none("mute_seconds", 0..=SECONDS_MAX)?;
    let muted_until = match (until, seconds) {
        (Some(_), Some(_)) => {
            let what = "and mute_seconds exclude each other";
            return Err(ApiError::field("muted_until", what));
        }
        (Some(until), None) => Some(Some(until)),
        (None, Some(0)) => Some(None),
        (None, Some(seconds)) => Some(Some(in_seconds(seconds))),
        (None, None) => ends.then_some(None),
    };
    let change = MemberChange { role: role.transpose()?, muted_until };
    if change == MemberChange::default() {
        return Err(ApiError::field("role", "or muted_until or mute_seconds is needed"));
    }
    Ok(change)
}

/// Of a mute or a ban. A century: more is no time but a mistake.
pub(super) const SECONDS_MAX: i64 = 100 * 366 * 86_400;

pub(super) fn in_seconds(seconds: i64) -> Timestamp {
    Timestamp(crate::clock::now().0.saturating_add(seconds * 1000))
}

pub async fn update(
    state: web::Data<State>,
    who: Identity,
    path: web::Path<(String, String)>,
    Body(fields): Body<Fields>,
) -> Result<HttpResponse, ApiError> {
    let (room, user) = (room_id(&path.0)?, user_id(&path.1)?);
    let command = Command::UpdateMember { room, user, change: change_of(fields)? };
    match state.ask(&who, command).await? {
        Answer::MemberUpdated(member) => Ok(HttpResponse::Ok().json(MemberView::from(&member))),
        other => Err(mismatch(&other)),
    }
}
