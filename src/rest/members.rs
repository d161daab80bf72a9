//! Who is in a room.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::{
    State,
    ask::mismatch,
    extract::{ListQuery, room_id, user_id},
};
use crate::{
    auth::Identity,
    chat::{Answer, Command},
    error::ApiError,
    protocol::MemberView,
};

#[derive(Serialize)]
struct Members<'a> {
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
    let command = Command::AddMember { room: room_id(&path.0)?, user: user_id(&path.1)? };
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
