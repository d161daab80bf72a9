//! Presence: who is online.

use actix_web::web;
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    reply::Reply,
    request::{OfRoom, OfUser},
};
use crate::{auth::Identity, error::ApiError, protocol::events::PresenceView};
use parlor_domain::{Status, Timestamp, User, UserKey};

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

pub(super) async fn of_room(
    who: Identity,
    state: web::Data<State>,
    OfRoom { room_id }: OfRoom,
) -> Result<Reply<RoomPresence<'static>>, ApiError> {
    let room = state.readable_room(&who, &room_id).await?;
    let most = i64::try_from(state.limits.big_room_members).unwrap_or(i64::MAX);
    let (members, more) = state.reader.members(room.key, None, most).await?;
    if more {
        let member_count = state.visible_room(&who, &room_id).await?.member_count;
        let connections = Some(state.look(move |server| server.subscribers_of(room.key)).await?);
        return Ok(Reply::ok(RoomPresence { member_count, users: None, connections }));
    }
    let member_count = i64::try_from(members.len()).unwrap_or(i64::MAX);
    let users: Vec<User> = members.into_iter().map(|member| member.user).collect();
    let users = state.seen_by(&who, users).await?;
    let statuses = state.statuses(users.iter().map(|user| user.key).collect()).await?;
    let views = users.iter().filter_map(|user| {
        let (status, last_seen) = statuses.get(&user.key)?;
        Some(PresenceView::new(&user.id, *status, *last_seen))
    });
    let users = Some(views.collect());
    Ok(Reply::ok(RoomPresence { member_count, users, connections: None }))
}

/// Who may open a room with a user, or shares one, sees whether they are
/// there, unless they have blocked them.
pub(super) async fn of_user(
    who: Identity,
    state: web::Data<State>,
    OfUser { user_id }: OfUser,
) -> Result<Reply<PresenceView<'static>>, ApiError> {
    let missing = || ApiError::not_found("user");
    let user = state.known_user(&user_id).await?;
    let is_known = who.is_backend()
        || user.key == who.user.key
        || state.contact.lets_see(false)
        || state.reader.share_a_room(who.user.key, user.key).await?;
    let mut seen = state.seen_by(&who, vec![user]).await?;
    let user = seen.pop().filter(|_| is_known).ok_or_else(missing)?;
    let statuses = state.statuses(vec![user.key]).await?;
    let (status, last_seen) = statuses.get(&user.key).copied().ok_or_else(missing)?;
    Ok(Reply::ok(PresenceView::new(&user.id, status, last_seen)))
}

impl State {
    /// Of some users those who have not blocked the one who asks.
    async fn seen_by(&self, who: &Identity, mut users: Vec<User>) -> Result<Vec<User>, ApiError> {
        if !who.is_backend() {
            let keys: Vec<UserKey> = users.iter().map(|user| user.key).collect();
            let blockers = self.reader.blockers_of(who.user.key, &keys).await?;
            users.retain(|user| !blockers.contains(&user.key));
        }
        Ok(users)
    }

    /// Whether users are there, and when those were who are not.
    async fn statuses(
        &self,
        users: Vec<UserKey>,
    ) -> Result<FxHashMap<UserKey, (Status, Option<Timestamp>)>, ApiError> {
        let statuses = self
            .look_and(|server, answer| {
                server.with_statuses(users, |_, statuses| drop(answer.send(statuses)));
            })
            .await?;
        let away = statuses.iter().filter(|(_, status)| *status == Status::Offline);
        let seen = self.reader.last_seen(away.map(|(user, _)| *user).collect()).await?;
        let seen: FxHashMap<UserKey, Timestamp> = seen.into_iter().collect();
        let with_time =
            |(user, status): (UserKey, Status)| (user, (status, seen.get(&user).copied()));
        Ok(statuses.into_iter().map(with_time).collect())
    }
}
