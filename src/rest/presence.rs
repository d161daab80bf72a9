//! Who is there.

use actix_web::{HttpResponse, web};
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    ask::mismatch,
    extract::{room_id, user_id},
};
use crate::{
    auth::Identity,
    chat::{Answer, Command},
    domain::{Status, Timestamp, User, UserKey},
    error::ApiError,
    protocol::events::PresenceView,
};

/// A room with few members says who of them is there; a big one how many
/// connections hear it.
#[derive(Serialize, JsonSchema)]
pub(super) struct RoomPresence<'a> {
    member_count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<Vec<PresenceView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<usize>,
}

pub async fn of_room(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = room_id(&room)?;
    let room = state.readable_room(&who, &id).await?;
    let most = i64::try_from(state.limits.big_room_members).unwrap_or(i64::MAX);
    let (members, more) = state.reader.members(room.key, None, most).await?;
    if more {
        let member_count = state.visible_room(&who, &id).await?.member_count;
        let count = Command::ConnectionsOf { room: id };
        let connections = match state.ask(&who, count).await? {
            Answer::Count(count) => Some(count),
            other => return Err(mismatch(&other)),
        };
        let presence = RoomPresence { member_count, users: None, connections };
        return Ok(HttpResponse::Ok().json(presence));
    }
    let users: Vec<User> = members.into_iter().map(|member| member.user).collect();
    let statuses = state.statuses(&who, users.iter().map(|user| user.key).collect()).await?;
    let views = users.iter().filter_map(|user| {
        let (status, last_seen) = statuses.get(&user.key)?;
        Some(PresenceView::new(&user.id, *status, *last_seen))
    });
    let member_count = i64::try_from(users.len()).unwrap_or(i64::MAX);
    let presence = RoomPresence { member_count, users: Some(views.collect()), connections: None };
    Ok(HttpResponse::Ok().json(presence))
}

/// Only who shares a room with a user sees them.
pub async fn of_user(
    state: web::Data<State>,
    who: Identity,
    user: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let missing = || ApiError::not_found("user");
    let user = state.reader.user(&user_id(&user)?).await?.ok_or_else(missing)?;
    let is_known = who.is_admin
        || user.key == who.user.key
        || state.reader.share_a_room(who.user.key, user.key).await?;
    if !is_known {
        return Err(missing());
    }
    let statuses = state.statuses(&who, vec![user.key]).await?;
    let (status, last_seen) = statuses.get(&user.key).copied().ok_or_else(missing)?;
    Ok(HttpResponse::Ok().json(PresenceView::new(&user.id, status, last_seen)))
}

impl State {
    /// Whether users are there, and when those were who are not.
    async fn statuses(
        &self,
        who: &Identity,
        users: Vec<UserKey>,
    ) -> Result<FxHashMap<UserKey, (Status, Option<Timestamp>)>, ApiError> {
        let statuses = match self.ask(who, Command::StatusOf { users }).await? {
            Answer::Statuses(statuses) => statuses,
            other => return Err(mismatch(&other)),
        };
        let away = statuses.iter().filter(|(_, status)| *status == Status::Offline);
        let seen = self.reader.last_seen(away.map(|(user, _)| *user).collect()).await?;
        let seen: FxHashMap<UserKey, Timestamp> = seen.into_iter().collect();
        let with_time =
            |(user, status): (UserKey, Status)| (user, (status, seen.get(&user).copied()));
        Ok(statuses.into_iter().map(with_time).collect())
    }
}
