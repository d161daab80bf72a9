//! Lists of words and patterns, for those who set them.

use std::sync::Arc;

use actix_web::web;
use parlor_domain::{
    BlocklistId, BlocklistSummary, Blocklists, Denied, PlainText, Room, RoomId, Scope, Screened,
    screen,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    State,
    extract::ModerationAdmin,
    reply::Reply,
    request::{NoFields, OfRoom},
};
use crate::{
    auth::Identity,
    chat::ChatError,
    error::ApiError,
    protocol::{BlocklistSummaryView, BlocklistView, FoundView, ScreenedView},
};

#[derive(Serialize, JsonSchema)]
pub(super) struct AllBlocklists<'a> {
    lists: Vec<BlocklistSummaryView<'a>>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct OfList {
    list_id: BlocklistId,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct OfRoomList {
    room_id: RoomId,
    list_id: BlocklistId,
}

/// The room, if the asker keeps order there.
async fn moderated(state: &State, who: &Identity, id: &RoomId) -> Result<Room, ApiError> {
    let room = state.readable_room(who, id).await?;
    let standing = state.reader.standing(room.key, who.user.key).await?;
    let moderates = standing.is_some_and(|standing| standing.moderates());
    match moderates || who.may(&[Scope::Rooms, Scope::Moderation]) {
        true => Ok(room),
        false => Err(ChatError::from(Denied::NotModerator).into()),
    }
}

fn listed(lists: &[BlocklistSummary]) -> Reply<AllBlocklists<'static>> {
    Reply::ok(AllBlocklists { lists: lists.iter().map(BlocklistSummaryView::from).collect() })
}

pub(super) async fn list(
    _: ModerationAdmin,
    state: web::Data<State>,
    _: NoFields,
) -> Result<Reply<AllBlocklists<'static>>, ApiError> {
    Ok(listed(&state.reader.blocklist_summaries(None).await?))
}

pub(super) async fn list_of_room(
    who: Identity,
    state: web::Data<State>,
    OfRoom { room_id }: OfRoom,
) -> Result<Reply<AllBlocklists<'static>>, ApiError> {
    let room = moderated(&state, &who, &room_id).await?;
    Ok(listed(&state.reader.blocklist_summaries(Some(room.key)).await?))
}

pub(super) async fn show(
    _: ModerationAdmin,
    state: web::Data<State>,
    OfList { list_id }: OfList,
) -> Result<Reply<BlocklistView<'static>>, ApiError> {
    let list = state.reader.blocklist(None, &list_id).await?;
    let list = list.ok_or_else(|| ApiError::not_found("list"))?;
    Ok(Reply::ok(BlocklistView::from(&list)))
}

pub(super) async fn show_of_room(
    who: Identity,
    state: web::Data<State>,
    OfRoomList { room_id, list_id }: OfRoomList,
) -> Result<Reply<BlocklistView<'static>>, ApiError> {
    let room = moderated(&state, &who, &room_id).await?;
    let list = state.reader.blocklist(Some(room.key), &list_id).await?;
    let list = list.ok_or_else(|| ApiError::not_found("list"))?;
    Ok(Reply::ok(BlocklistView::from(&list)))
}

/// A text that nobody says.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Tried {
    content: PlainText,
    /// As if it were said there: the lists of the room count, too.
    room_id: Option<RoomId>,
}

pub(super) async fn check(
    who: ModerationAdmin,
    state: web::Data<State>,
    Tried { content: PlainText(content), room_id }: Tried,
) -> Result<Reply<ScreenedView>, ApiError> {
    state.rules().content(&content)?;
    let lists = match &room_id {
        Some(id) => {
            let room = moderated(&state, &who.identity(), id).await?;
            state.lists.of(&state.reader, &room).await?
        }
        None => vec![state.lists.everywhere()],
    };
    Ok(Reply::ok(tried(&content, &lists, room_id.as_ref().map(|room| (1, room)))))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct TriedInRoom {
    room_id: RoomId,
    content: PlainText,
}

/// Those of the room alone: whoever has a room is not to find out what is in others.
pub(super) async fn check_in_room(
    who: Identity,
    state: web::Data<State>,
    TriedInRoom { room_id, content: PlainText(content) }: TriedInRoom,
) -> Result<Reply<ScreenedView>, ApiError> {
    state.rules().content(&content)?;
    let room = moderated(&state, &who, &room_id).await?;
    let all = state.lists.of(&state.reader, &room).await?;
    Ok(Reply::ok(tried(&content, all.get(1..).unwrap_or_default(), Some((0, &room_id)))))
}

/// What would become of a text; `of_room`: which of the lists are those of a room.
fn tried(text: &str, lists: &[Arc<Blocklists>], of_room: Option<(usize, &RoomId)>) -> ScreenedView {
    let found = lists.iter().enumerate().flat_map(|(at, lists)| {
        let room = of_room.filter(|(place, _)| *place == at).map(|(_, room)| room);
        let found = lists.found_in(text).into_iter();
        found.map(move |(id, action)| FoundView::new(&id, room, action))
    });
    let found = found.collect();
    match screen(text, lists.iter().map(|lists| &**lists)) {
        Screened::Refused(_) => ScreenedView::refused(found),
        Screened::Passed { masked, flagged } => {
            ScreenedView::passed(masked.as_deref().unwrap_or(text), flagged, found)
        }
    }
}
