//! Read marks and unread counts.

use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    reply::Reply,
    request::{ByCursor, NoFields, OfRoom, RoomByUser},
};
use crate::{
    auth::Identity,
    chat::ReadMark,
    error::ApiError,
    operations::read_all::{MarkSomeRead, Moved},
    protocol::{ReadMarkView, ReceiptView},
};
use parlor_domain::{
    RoomId, RoomKey, RoomOverview, Seq,
    limits::{READ_ALL_ROOMS, READ_ALL_STEPS},
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Receipts<'a> {
    receipts: Vec<ReceiptView<'a>>,
    has_more: bool,
}

#[derive(Serialize, JsonSchema)]
struct MovedView<'a> {
    room_id: &'a str,
    read_seq: i64,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct AllMoved<'a> {
    /// How many marks moved.
    moved: usize,
    /// The first of them.
    rooms: Vec<MovedView<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Unread<'a> {
    /// Of the rooms of this page.
    total: i64,
    mentions: i64,
    rooms: Vec<ReadMarkView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    has_more: bool,
}

pub(super) async fn show(
    who: Identity,
    state: web::Data<State>,
    OfRoom { room_id }: OfRoom,
) -> Result<Reply<ReadMarkView<'static>>, ApiError> {
    let overview = state.visible_room(&who, &room_id).await?;
    let mark = mark_of(overview)
        .ok_or_else(|| ApiError::forbidden("only members of the room have a read mark"))?;
    Ok(Reply::ok(ReadMarkView::from(&mark)))
}

fn mark_of(overview: RoomOverview) -> Option<ReadMark> {
    let RoomOverview { room, last_seq, epoch, state, .. } = overview;
    Some(ReadMark::of(room.id.clone(), &state?, last_seq, epoch))
}

/// In steps, each a write of its own: others are not to wait for all of it.
pub(super) async fn mark_all(
    who: Identity,
    state: web::Data<State>,
    _: NoFields,
) -> Result<Reply<AllMoved<'static>>, ApiError> {
    let shown = usize::try_from(READ_ALL_ROOMS).unwrap_or(0);
    let (mut moved, mut first) = (0, Vec::<(RoomId, Seq)>::new());
    for _ in 0..READ_ALL_STEPS {
        let Moved { rooms, more } = state.operate(&who, MarkSomeRead {}).await?;
        moved += rooms.len();
        first.extend(rooms.into_iter().take(shown.saturating_sub(first.len())));
        if !more {
            break;
        }
    }
    let rooms =
        first.iter().map(|(room, seq)| MovedView { room_id: room.as_str(), read_seq: seq.0 });
    Ok(Reply::ok(AllMoved { moved, rooms: rooms.collect() }))
}

pub(super) async fn unread(
    who: Identity,
    state: web::Data<State>,
    ByCursor { cursor, limit }: ByCursor,
) -> Result<Reply<Unread<'static>>, ApiError> {
    let after = RoomKey(cursor.0);
    let (rooms, last) = state.reader.unread(who.user.key, after, limit.0).await?;
    let marks: Vec<ReadMark> = rooms.into_iter().filter_map(mark_of).collect();
    let total = marks.iter().map(|mark| mark.unread).sum();
    let mentions = marks.iter().map(|mark| mark.mentions).sum();
    let rooms = marks.iter().map(ReadMarkView::from).collect();
    let (cursor, has_more) = (last.map(|room| room.0.to_string()), last.is_some());
    Ok(Reply::ok(Unread { total, mentions, rooms, cursor, has_more }))
}

pub(super) async fn receipts(
    who: Identity,
    state: web::Data<State>,
    RoomByUser { room_id, after, limit }: RoomByUser,
) -> Result<Reply<Receipts<'static>>, ApiError> {
    let room = state.readable_room(&who, &room_id).await?;
    let asker = (!who.is_backend()).then_some(who.user.key);
    let receipts = state.reader.receipts(room.key, asker, after.as_ref(), limit.0).await?;
    let (receipts, has_more) = receipts;
    let receipts = receipts.iter().map(ReceiptView::from).collect();
    Ok(Reply::ok(Receipts { receipts, has_more }))
}
