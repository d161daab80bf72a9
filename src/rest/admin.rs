//! Administration: connections, retention, deletion, and the audit log.

use actix_web::web;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    State,
    extract::{Admin, RoomsAdmin, UsersAdmin},
    reply::{Done, Reply},
    request::{ByNumber, ListLimit, NoFields, OfRoom, OfUser, RoomByNumber, UserByNumber},
    tokens::to_the_end,
};
use crate::{
    chat::{Connected, Connection, SessionId},
    db::Audited,
    error::ApiError,
    operations::disconnect::EraseUser,
    protocol::{AnyStatus, any_json},
};
use parlor_domain::{Retention, RoomId, Seq, UserId};

#[derive(Serialize, JsonSchema)]
struct ConnectionView<'a> {
    connection_id: String,
    user_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    connected_at: String,
    #[schemars(with = "AnyStatus")]
    status: &'static str,
    rooms: usize,
}

impl<'a> From<&'a Connection> for ConnectionView<'a> {
    fn from(connection: &'a Connection) -> Self {
        let Connection { id, user, device_id, address, connected_at, status, rooms } = connection;
        Self {
            connection_id: id.0.to_string(),
            user_id: user.as_str(),
            device_id: device_id.as_deref(),
            address: address.map(|address| address.to_string()),
            connected_at: connected_at.to_rfc3339(),
            status: status.as_str(),
            rooms: *rooms,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Connections<'a> {
    connections: Vec<ConnectionView<'a>>,
    has_more: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ConnectionCount {
    count: usize,
}

/// A room that does not exist is an error; one without connections is not.
async fn room(state: &State, id: &RoomId) -> Result<Connected, ApiError> {
    let room = state.reader.room(id).await?.ok_or_else(|| ApiError::not_found("room"))?;
    Ok(Connected::Room(room.key))
}

async fn user(state: &State, id: &UserId) -> Result<Connected, ApiError> {
    Ok(Connected::User(state.known_user(id).await?.key))
}

async fn list(
    state: &State,
    of: Connected,
    after: Seq,
    limit: ListLimit,
) -> Result<Reply<Connections<'static>>, ApiError> {
    let after = SessionId(after.0.unsigned_abs());
    let limit = usize::try_from(limit.0).unwrap_or(1);
    let found = state.look(move |server| server.connections(of, after, limit)).await?;
    let (connections, has_more) = found;
    let connections = connections.iter().map(ConnectionView::from).collect();
    Ok(Reply::ok(Connections { connections, has_more }))
}

async fn count_of(state: &State, of: Connected) -> Result<Reply<ConnectionCount>, ApiError> {
    let count = state.look(move |server| server.connected(of).count()).await?;
    Ok(Reply::ok(ConnectionCount { count }))
}

pub(super) async fn connections(
    _: Admin,
    state: web::Data<State>,
    ByNumber { after, limit }: ByNumber,
) -> Result<Reply<Connections<'static>>, ApiError> {
    list(&state, Connected::All, after, limit).await
}

pub(super) async fn connections_of_room(
    _: Admin,
    state: web::Data<State>,
    RoomByNumber { room_id, after, limit }: RoomByNumber,
) -> Result<Reply<Connections<'static>>, ApiError> {
    list(&state, room(&state, &room_id).await?, after, limit).await
}

pub(super) async fn connections_of_user(
    _: Admin,
    state: web::Data<State>,
    UserByNumber { user_id, after, limit }: UserByNumber,
) -> Result<Reply<Connections<'static>>, ApiError> {
    list(&state, user(&state, &user_id).await?, after, limit).await
}

pub(super) async fn count(
    _: Admin,
    state: web::Data<State>,
    _: NoFields,
) -> Result<Reply<ConnectionCount>, ApiError> {
    count_of(&state, Connected::All).await
}

pub(super) async fn count_of_room(
    _: Admin,
    state: web::Data<State>,
    OfRoom { room_id }: OfRoom,
) -> Result<Reply<ConnectionCount>, ApiError> {
    count_of(&state, room(&state, &room_id).await?).await
}

pub(super) async fn count_of_user(
    _: Admin,
    state: web::Data<State>,
    OfUser { user_id }: OfUser,
) -> Result<Reply<ConnectionCount>, ApiError> {
    count_of(&state, user(&state, &user_id).await?).await
}

/// What a room keeps; null: what all rooms keep.
#[derive(Serialize, JsonSchema)]
pub(super) struct RetentionView {
    age_days: Option<i64>,
    messages: Option<i64>,
}

const DAY_MS: i64 = 86_400_000;

pub(super) async fn retention(
    admin: RoomsAdmin,
    state: web::Data<State>,
    OfRoom { room_id }: OfRoom,
) -> Result<Reply<RetentionView>, ApiError> {
    let room = state.visible_room(&admin.identity(), &room_id).await?.room;
    let Retention { age_ms, messages } = state.reader.retention(room.key).await?;
    Ok(Reply::ok(RetentionView { age_days: age_ms.map(|age| age / DAY_MS), messages }))
}

pub(super) async fn delete_user(
    admin: UsersAdmin,
    state: web::Data<State>,
    OfUser { user_id }: OfUser,
) -> Result<Reply<Done>, ApiError> {
    let who = admin.identity();
    state.subject(&who, &user_id).await?;
    // Whoever has this id next must not be taken for the one who is gone.
    to_the_end(async move {
        let erased = state.operate(&who, EraseUser { user_id: user_id.clone() }).await;
        // An answer that comes too late is no proof that nothing was done.
        state.authenticator.forget(&user_id);
        erased?;
        state.authenticator.erased(&user_id);
        Ok(Reply::done())
    })
    .await
}

#[derive(Serialize, JsonSchema)]
struct AuditedView<'a> {
    id: i64,
    at: String,
    actor: &'a str,
    action: &'a str,
    target: &'a str,
    #[schemars(schema_with = "any_json")]
    detail: Option<&'a RawValue>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct AuditPage<'a> {
    entries: Vec<AuditedView<'a>>,
    has_more: bool,
}

impl<'a> From<&'a Audited> for AuditedView<'a> {
    fn from(Audited { id, at, actor, action, target, detail }: &'a Audited) -> Self {
        let detail = serde_json::from_str(detail).ok();
        Self { id: *id, at: at.to_rfc3339(), actor, action, target, detail }
    }
}

/// The latest first.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Audit {
    before: Option<Seq>,
    #[serde(default)]
    limit: ListLimit,
}

pub(super) async fn audit(
    _: Admin,
    state: web::Data<State>,
    Audit { before, limit }: Audit,
) -> Result<Reply<AuditPage<'static>>, ApiError> {
    let before = before.map_or(i64::MAX, |before| before.0);
    let (entries, has_more) = state.reader.audit(before, limit.0).await?;
    let entries = entries.iter().map(AuditedView::from).collect();
    Ok(Reply::ok(AuditPage { entries, has_more }))
}
