//! History, and sending without a WebSocket.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    extract::{AfterQuery, CursorQuery, HistoryQuery, ListQuery, fitting, room_id},
};
use crate::{
    auth::Identity,
    error::ApiError,
    protocol::{HistoryView, MessageView, json_size},
};
use parlor_domain::limits::page_bytes;

#[derive(Serialize, JsonSchema)]
pub(super) struct MessageCount {
    count: i64,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Thread<'a> {
    root: MessageView<'a>,
    replies: Vec<MessageView<'a>>,
    has_more: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Pins<'a> {
    messages: Vec<MessageView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    has_more: bool,
}

/// Somebody a message has reached.
#[derive(Serialize, JsonSchema)]
struct Reached<'a> {
    user_id: &'a str,
    read: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ReachedPage<'a> {
    receipts: Vec<Reached<'a>>,
    has_more: bool,
}

#[derive(Serialize, JsonSchema)]
struct Reacted<'a> {
    user_id: &'a str,
    emoji: &'a str,
    created_at: String,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Reactions<'a> {
    reactions: Vec<Reacted<'a>>,
    has_more: bool,
}

pub async fn page(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
    query: web::Query<HistoryQuery>,
) -> Result<HttpResponse, ApiError> {
    let (cursor, limit) = query.read()?;
    let room = state.readable_room(&who, &room_id(&room)?).await?;
    let mut page = state.reader.history(room.key, cursor, limit).await?;
    page.cut_to(page_bytes(&state.limits), cursor);
    state.still_readable(&who, &room).await?;
    Ok(HttpResponse::Ok().json(HistoryView::from(&page)))
}

pub async fn count(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let room = state.readable_room(&who, &room_id(&room)?).await?;
    let count = state.reader.message_count(room.key).await?;
    Ok(HttpResponse::Ok().json(MessageCount { count }))
}

pub async fn show(
    state: web::Data<State>,
    who: Identity,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let message = state.readable_message(&who, &id).await?;
    Ok(HttpResponse::Ok().json(MessageView::from(&message)))
}

pub async fn thread(
    state: web::Data<State>,
    who: Identity,
    id: web::Path<String>,
    query: web::Query<AfterQuery>,
) -> Result<HttpResponse, ApiError> {
    let (after, limit) = query.read()?;
    let root = state.readable_message(&who, &id).await?;
    let (replies, has_more) = state.reader.thread(root.id, after, limit).await?;
    // Who may read the root now may read its replies.
    let root = state.readable_message(&who, &id).await?;
    let (replies, fits) = fitting(&replies, page_bytes(&state.limits), MessageView::from);
    let (root, has_more) = (MessageView::from(&root), has_more || !fits);
    Ok(HttpResponse::Ok().json(Thread { root, replies, has_more }))
}

pub async fn pins(
    state: web::Data<State>,
    who: Identity,
    room: web::Path<String>,
    query: web::Query<CursorQuery>,
) -> Result<HttpResponse, ApiError> {
    // A room has so few that they are counted off, not followed by a key.
    let (before, limit) = query.read()?;
    let room = state.readable_room(&who, &room_id(&room)?).await?;
    let (pins, has_more) = state.reader.pins(room.key, before, limit).await?;
    state.still_readable(&who, &room).await?;
    let (messages, fits) = fitting(&pins, page_bytes(&state.limits), MessageView::from);
    let has_more = has_more || !fits;
    let next = i64::try_from(messages.len()).unwrap_or(limit).saturating_add(before);
    let cursor = has_more.then(|| next.to_string());
    Ok(HttpResponse::Ok().json(Pins { messages, cursor, has_more }))
}

/// Who has read a message, and who has received it.
pub async fn receipts(
    state: web::Data<State>,
    who: Identity,
    id: web::Path<String>,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, ApiError> {
    let (after, limit) = query.read()?;
    let message = state.readable_message(&who, &id).await?;
    let asker = (!who.is_service).then_some(who.user.key);
    let reached = state.reader.reached(message.id, asker, after.as_ref(), limit).await?;
    let (reached, has_more) = reached;
    let receipts = reached.iter().map(|receipt| Reached {
        user_id: receipt.user.as_str(),
        read: receipt.read_seq >= message.seq,
    });
    Ok(HttpResponse::Ok().json(ReachedPage { receipts: receipts.collect(), has_more }))
}

/// Everyone who reacted, also those whom the message does not name.
pub async fn reactions(
    state: web::Data<State>,
    who: Identity,
    id: web::Path<String>,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, ApiError> {
    let (after, limit) = query.read()?;
    let message = state.readable_message(&who, &id).await?;
    let (all, has_more) = state.reader.reactions(message.id, after.as_ref(), limit).await?;
    let reactions = all.iter().map(|(user, emoji, at)| Reacted {
        user_id: user.as_str(),
        emoji,
        created_at: at.to_rfc3339(),
    });
    let mut reactions: Vec<Reacted<'_>> = reactions.collect();
    let fitting = whole_users(&reactions, page_bytes(&state.limits));
    let has_more = has_more || fitting < reactions.len();
    reactions.truncate(fitting);
    Ok(HttpResponse::Ok().json(Reactions { reactions, has_more }))
}

/// How many of some reactions fit into so many bytes. The next page begins
/// behind a user, so each is on one page with all of theirs.
fn whole_users(reactions: &[Reacted<'_>], bytes_max: usize) -> usize {
    let (mut bytes, mut whole) = (0, 0);
    for (at, reaction) in reactions.iter().enumerate() {
        if at > 0 && reactions[at - 1].user_id != reaction.user_id {
            whole = at;
        }
        bytes += json_size(reaction) + 1;
        if bytes > bytes_max && whole > 0 {
            return whole;
        }
    }
    reactions.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_reactions_ends_behind_a_user() {
        let reacted =
            |user_id| Reacted { user_id, emoji: "+1", created_at: String::from("2026-11-20") };
        let all = ["ann", "ben", "ben", "cy"].map(reacted);
        let one = json_size(&all[0]) + 1;
        assert_eq!(whole_users(&all, 4 * one), 4);
        assert_eq!(whole_users(&all, 3 * one), 3, "ben has both of his");
        assert_eq!(whole_users(&all, 2 * one), 1, "ben would be cut");
        assert_eq!(whole_users(&all, 1), 1);
        assert_eq!(whole_users(&all[1..3], 1), 2, "one user is never cut");
    }
}
