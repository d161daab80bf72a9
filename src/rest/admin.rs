//! Administration: connections, retention, deletion, and the audit log.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    State,
    extract::{Admin, NumberQuery, room_id, user_id},
    tokens::to_the_end,
};
use crate::{
    chat::{Connected, Connection, SessionId},
    db::Audited,
    error::ApiError,
    operations::disconnect::EraseUser,
    protocol::describe::any_json,
};
use parlor_domain::Retention;

#[derive(Serialize, JsonSchema)]
struct ConnectionView<'a> {
    connection_id: String,
    user_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    connected_at: String,
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

/// A room or a user that does not exist is an error; one without connections
/// is not.
async fn of_room(state: &State, room: &str) -> Result<Connected, ApiError> {
    let id = room_id(room)?;
    let room = state.reader.room(&id).await?.ok_or_else(|| ApiError::not_found("room"))?;
    Ok(Connected::Room(room.key))
}

async fn of_user(state: &State, user: &str) -> Result<Connected, ApiError> {
    Ok(Connected::User(state.known_user(user).await?.key))
}

async fn list(state: &State, of: Connected, query: &NumberQuery) -> Result<HttpResponse, ApiError> {
    let (after, limit) = query.after()?;
    let after = SessionId(after.unsigned_abs());
    let limit = usize::try_from(limit).unwrap_or(1);
    let found = state.look(move |server| server.connections(of, after, limit)).await?;
    let (connections, has_more) = found;
    let connections = connections.iter().map(ConnectionView::from).collect();
    Ok(HttpResponse::Ok().json(Connections { connections, has_more }))
}

async fn count_of(state: &State, of: Connected) -> Result<HttpResponse, ApiError> {
    let count = state.look(move |server| server.connected(of).count()).await?;
    Ok(HttpResponse::Ok().json(ConnectionCount { count }))
}

pub async fn connections(
    state: web::Data<State>,
    Admin(_): Admin,
    query: web::Query<NumberQuery>,
) -> Result<HttpResponse, ApiError> {
    list(&state, Connected::All, &query).await
}

pub async fn connections_of_room(
    state: web::Data<State>,
    Admin(_): Admin,
    room: web::Path<String>,
    query: web::Query<NumberQuery>,
) -> Result<HttpResponse, ApiError> {
    list(&state, of_room(&state, &room).await?, &query).await
}

pub async fn connections_of_user(
    state: web::Data<State>,
    Admin(_): Admin,
    user: web::Path<String>,
    query: web::Query<NumberQuery>,
) -> Result<HttpResponse, ApiError> {
    list(&state, of_user(&state, &user).await?, &query).await
}

pub async fn count(state: web::Data<State>, Admin(_): Admin) -> Result<HttpResponse, ApiError> {
    count_of(&state, Connected::All).await
}

pub async fn count_of_room(
    state: web::Data<State>,
    Admin(_): Admin,
    room: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    count_of(&state, of_room(&state, &room).await?).await
}

pub async fn count_of_user(
    state: web::Data<State>,
    Admin(_): Admin,
    user: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    count_of(&state, of_user(&state, &user).await?).await
}

/// What a room keeps; null: what all rooms keep.
#[derive(Serialize, JsonSchema)]
pub(super) struct RetentionView {
    age_days: Option<i64>,
    messages: Option<i64>,
}

const DAY_MS: i64 = 86_400_000;

pub async fn retention(
    state: web::Data<State>,
    Admin(who): Admin,
    room: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let room = state.visible_room(&who, &room_id(&room)?).await?.room;
    let Retention { age_ms, messages } = state.reader.retention(room.key).await?;
    let view = RetentionView { age_days: age_ms.map(|age| age / DAY_MS), messages };
    Ok(HttpResponse::Ok().json(view))
}

pub async fn delete_user(
    state: web::Data<State>,
    Admin(who): Admin,
    user: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let user = user_id(&user)?;
    // Whoever has this id next must not be taken for the one who is gone.
    to_the_end(async move {
        let erased = state.operate(&who, EraseUser { user_id: user.clone() }).await;
        // An answer that comes too late is no proof that nothing was done.
        state.authenticator.forget(&user);
        erased?;
        state.authenticator.erased(&user);
        Ok(HttpResponse::NoContent().finish())
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
pub async fn audit(
    state: web::Data<State>,
    Admin(_): Admin,
    query: web::Query<NumberQuery>,
) -> Result<HttpResponse, ApiError> {
    let (before, limit) = query.before()?;
    let (entries, has_more) = state.reader.audit(before, limit).await?;
    let entries = entries.iter().map(AuditedView::from).collect();
    Ok(HttpResponse::Ok().json(AuditPage { entries, has_more }))
}
