//! History, and what there is to read of a message.

use actix_web::web;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    State,
    reply::{Reply, fitting},
    request::{MessageBySeq, MessageByUser, OfMessage, OfRoom, PageLimit, RoomByCursor},
};
use crate::{
    auth::Identity,
    db::{Needs, Reader},
    error::ApiError,
    protocol::{HistoryView, MessageView, ThreadStateView, json_size},
};
use parlor_domain::{HistoryCursor, Message, MessageId, RoomId, Seq};

#[derive(Serialize, JsonSchema)]
pub(super) struct MessageCount {
    count: i64,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Thread<'a> {
    root: MessageView<'a>,
    replies: Vec<MessageView<'a>>,
    /// What the user has of it for themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<ThreadStateView<'a>>,
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

#[derive(Deserialize, JsonSchema)]
pub(super) struct History {
    room_id: RoomId,
    before: Option<Seq>,
    after: Option<Seq>,
    around: Option<Seq>,
    #[serde(default)]
    limit: PageLimit,
}

pub(super) async fn page(
    who: Identity,
    state: web::Data<State>,
    History { room_id, before, after, around, limit }: History,
) -> Result<Reply<HistoryView<'static>>, ApiError> {
    let cursor = HistoryCursor::one_of(before, after, around)
        .ok_or_else(|| ApiError::field("before", "after and around exclude each other"))?;
    let room = state.readable_room(&who, &room_id).await?;
    let page = async |reader: &Reader| reader.history(room.key, cursor, limit.0).await;
    let mut page = state.reader.offload(Needs::Room(room.key), page).await?;
    page.cut_to(state.limits.page_bytes(), cursor);
    state.still_readable(&who, &room).await?;
    Ok(Reply::ok(HistoryView::from(&page)))
}

pub(super) async fn count(
    who: Identity,
    state: web::Data<State>,
    OfRoom { room_id }: OfRoom,
) -> Result<Reply<MessageCount>, ApiError> {
    let room = state.readable_room(&who, &room_id).await?;
    let count = async |reader: &Reader| reader.message_count(room.key).await;
    let count = state.reader.offload(Needs::Room(room.key), count).await?;
    Ok(Reply::ok(MessageCount { count }))
}

pub(super) async fn show(
    who: Identity,
    state: web::Data<State>,
    OfMessage { message_id }: OfMessage,
) -> Result<Reply<MessageView<'static>>, ApiError> {
    let message = state.readable_message(&who, message_id).await?;
    Ok(Reply::ok(MessageView::from(&message)))
}

/// The message with which the thread begins that a message is in, or would begin.
fn thread_of(message: &Message) -> MessageId {
    message.extras.as_ref().and_then(|extras| extras.thread_id).unwrap_or(message.id)
}

pub(super) async fn thread(
    who: Identity,
    state: web::Data<State>,
    MessageBySeq { message_id, after, limit }: MessageBySeq,
) -> Result<Reply<Thread<'static>>, ApiError> {
    let root = state.readable_message(&who, message_id).await?;
    let replies = async |reader: &Reader| reader.thread(root.id, after, limit.0).await;
    let page = state.reader.offload(Needs::Room(root.room_key), replies).await?;
    let (replies, has_more) = page;
    // Who may read the root now may read its replies.
    let root = state.readable_message(&who, message_id).await?;
    let (replies, fits) = fitting(&replies, state.limits.page_bytes(), MessageView::from);
    let own = state.reader.thread_state(who.user.key, thread_of(&root)).await?;
    let (root, has_more) = (MessageView::from(&root), has_more || !fits);
    let state = own.as_ref().map(ThreadStateView::from);
    Ok(Reply::ok(Thread { root, replies, state, has_more }))
}

pub(super) async fn pins(
    who: Identity,
    state: web::Data<State>,
    // A room has so few that they are counted off, not followed by a key.
    RoomByCursor { room_id, cursor: Seq(before), limit }: RoomByCursor,
) -> Result<Reply<Pins<'static>>, ApiError> {
    let room = state.readable_room(&who, &room_id).await?;
    let pins = async |reader: &Reader| reader.pins(room.key, before, limit.0).await;
    let (pins, has_more) = state.reader.offload(Needs::Room(room.key), pins).await?;
    state.still_readable(&who, &room).await?;
    let (messages, fits) = fitting(&pins, state.limits.page_bytes(), MessageView::from);
    let has_more = has_more || !fits;
    let next = i64::try_from(messages.len()).unwrap_or(limit.0).saturating_add(before);
    let cursor = has_more.then(|| next.to_string());
    Ok(Reply::ok(Pins { messages, cursor, has_more }))
}

/// Who has read a message, and who has received it.
pub(super) async fn receipts(
    who: Identity,
    state: web::Data<State>,
    MessageByUser { message_id, after, limit }: MessageByUser,
) -> Result<Reply<ReachedPage<'static>>, ApiError> {
    let message = state.readable_message(&who, message_id).await?;
    let asker = (!who.is_backend()).then_some(who.user.key);
    let reached = state.reader.reached(message.id, asker, after.as_ref(), limit.0).await?;
    let (reached, has_more) = reached;
    let receipts = reached.iter().map(|receipt| Reached {
        user_id: receipt.user.as_str(),
        read: receipt.read_seq >= message.seq,
    });
    Ok(Reply::ok(ReachedPage { receipts: receipts.collect(), has_more }))
}

/// Everyone who reacted, also those whom the message does not name.
pub(super) async fn reactions(
    who: Identity,
    state: web::Data<State>,
    MessageByUser { message_id, after, limit }: MessageByUser,
) -> Result<Reply<Reactions<'static>>, ApiError> {
    let message = state.readable_message(&who, message_id).await?;
    let (all, has_more) = state.reader.reactions(message.id, after.as_ref(), limit.0).await?;
    let reactions = all.iter().map(|(user, emoji, at)| Reacted {
        user_id: user.as_str(),
        emoji,
        created_at: at.to_rfc3339(),
    });
    let mut reactions: Vec<Reacted<'_>> = reactions.collect();
    let fitting = whole_users(&reactions, state.limits.page_bytes());
    let has_more = has_more || fitting < reactions.len();
    reactions.truncate(fitting);
    Ok(Reply::ok(Reactions { reactions, has_more }))
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
