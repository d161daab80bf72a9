//! History, and sending without a socket.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::{
    State,
    ask::mismatch,
    extract::{Body, HistoryQuery, room_id},
};
use crate::{
    auth::Identity,
    chat::{Answer, Command},
    domain::{ClientId, MessageId},
    error::ApiError,
    protocol::{HistoryView, MessageView, StoredMessageView},
};

#[derive(Deserialize)]
pub struct NewMessage {
    content: String,
    client_id: Option<String>,
}

#[derive(Serialize)]
struct Count {
    count: i64,
}

pub async fn page(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
    query: web::Query<HistoryQuery>,
) -> Result<HttpResponse, ApiError> {
    let (cursor, limit) = query.read()?;
    let room = state.readable_room(&who, &room_id(&room)?).await?;
    let page = state.reader.history(room.key, cursor, limit).await?;
    Ok(HttpResponse::Ok().json(HistoryView::from(&page)))
}

pub async fn send(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
    request: HttpRequest,
    Body(NewMessage { content, client_id }): Body<NewMessage>,
) -> Result<HttpResponse, ApiError> {
    let room = room_id(&room)?;
    let client_id = match (&client_id, idempotency_key(&request)?) {
        (Some(id), _) => Some(client_id_of("client_id", id)?),
        (None, Some(key)) => Some(client_id_of("Idempotency-Key", key)?),
        (None, None) => None,
    };
    let content = checked_content(content, state.limits.content_bytes)?;
    match state.ask(&who, Command::Send { room, client_id, content }).await? {
        Answer::Sent(stored) => {
            let mut response =
                if stored.duplicate { HttpResponse::Ok() } else { HttpResponse::Created() };
            Ok(response.json(StoredMessageView::from(&stored)))
        }
        other => Err(mismatch(&other)),
    }
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<&str>, ApiError> {
    let Some(key) = request.headers().get("Idempotency-Key") else { return Ok(None) };
    let text = key.to_str();
    text.map(Some).map_err(|_| ApiError::field("Idempotency-Key", "must be plain text"))
}

fn client_id_of(name: &'static str, text: &str) -> Result<ClientId, ApiError> {
    ClientId::parse(text).map_err(|error| ApiError::id(name, &error))
}

fn checked_content(content: String, bytes_max: usize) -> Result<Arc<str>, ApiError> {
    if content.is_empty() {
        return Err(ApiError::field("content", "must not be empty"));
    }
    if content.len() > bytes_max {
        let what = format!("must have at most {bytes_max} bytes");
        return Err(ApiError::too_large("content", what));
    }
    Ok(content.into())
}

pub async fn clear(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    state.ask(&who, Command::ClearRoom { room: room_id(&room)? }).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn count(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let room = state.readable_room(&who, &room_id(&room)?).await?;
    let count = state.reader.message_count(room.key).await?;
    Ok(HttpResponse::Ok().json(Count { count }))
}

/// A message in a room that one may not read does not exist.
pub async fn show(
    state: web::Data<State>,
    who: Identity,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let missing = || ApiError::not_found("message");
    let id = MessageId::parse(&id).ok_or_else(missing)?;
    let message = state.reader.message(id).await?.ok_or_else(missing)?;
    let member = state.reader.role(message.room_key, who.user.key).await?.is_some();
    if !member && !who.is_admin {
        return Err(missing());
    }
    Ok(HttpResponse::Ok().json(MessageView::from(&message)))
}
