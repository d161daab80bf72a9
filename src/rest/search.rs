//! Full-text search over a user's rooms.

use actix_web::web;
use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Search, State, reply::Reply, request::Limit};
use crate::{
    auth::Identity,
    db::{SearchQuery, Sort, Wanted},
    error::ApiError,
    protocol::{MessageView, json_size},
};
use parlor_domain::{
    Message, MessageId, RoomId, RoomKey, Timestamp, UserId, Whole,
    limits::{SEARCH_BYTES, SEARCH_OFFSET_MAX, SEARCH_PAGE, SEARCH_PAGE_MAX},
};

#[derive(Deserialize, JsonSchema)]
pub(super) struct Look {
    #[schemars(length(min = 1, max = SEARCH_BYTES))]
    q: String,
    room_id: Option<RoomId>,
    sender: Option<UserId>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    #[serde(default)]
    sort: Order,
    cursor: Option<Whole<0, SEARCH_OFFSET_MAX>>,
    #[serde(default)]
    limit: Limit<SEARCH_PAGE, SEARCH_PAGE_MAX>,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Order {
    #[default]
    Rank,
    Newest,
}

#[derive(Serialize, JsonSchema)]
struct Found<'a> {
    message: MessageView<'a>,
    /// Where the words are in `content`: first character and the one after.
    #[schemars(with = "Vec<[usize; 2]>")]
    highlights: Vec<(usize, usize)>,
    rank: f64,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Results<'a> {
    results: Vec<Found<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<i64>,
    has_more: bool,
}

pub(super) async fn search(
    (who, search): (Identity, Search),
    state: web::Data<State>,
    look: Look,
) -> Result<Reply<Results<'static>>, ApiError> {
    let Some(wanted) = wanted(&state, &who, look).await? else {
        return Ok(Reply::ok(Results { results: Vec::new(), cursor: None, has_more: false }));
    };
    let (query, offset, limit) = (wanted.query.clone(), wanted.offset, wanted.limit);
    let rooms: FxHashSet<RoomKey> = wanted.rooms.iter().copied().collect();
    let (hits, more) = search.find(who.user.key, wanted).await?;
    let ids: Vec<MessageId> = hits.iter().map(|hit| hit.message).collect();
    // The index may be behind: what counts is what can be seen now, and not on
    // a replica.
    let visible = state.reader.messages_by_id(&ids).await?;
    let is_found = |message: &Message| {
        let files = message.extras.as_ref().and_then(|extras| extras.attachments.as_deref());
        message.deleted_at.is_none()
            && rooms.contains(&message.room_key)
            && query.matches(&message.content, files)
    };
    let messages: FxHashMap<MessageId, Message> =
        visible.into_iter().filter(is_found).map(|message| (message.id, message)).collect();
    let bytes_max = state.limits.page_bytes();
    let (mut results, mut bytes, mut looked_at) = (Vec::new(), 0, 0);
    for hit in &hits {
        if let Some(message) = messages.get(&hit.message) {
            let highlights = query.highlights(&message.content);
            let found = Found { message: message.into(), highlights, rank: hit.rank };
            bytes += json_size(&found) + 1;
            if bytes > bytes_max && !results.is_empty() {
                break;
            }
            results.push(found);
        }
        looked_at += 1;
    }
    let is_cut = looked_at < hits.len();
    let next = offset + if is_cut { looked_at as i64 } else { limit };
    let has_more = (more || is_cut) && next <= SEARCH_OFFSET_MAX;
    Ok(Reply::ok(Results { results, cursor: has_more.then_some(next), has_more }))
}

/// What is looked for; `None` if there is nowhere to look.
async fn wanted(state: &State, who: &Identity, look: Look) -> Result<Option<Wanted>, ApiError> {
    let Look { q, room_id, sender, from, to, sort, cursor, limit: Limit(limit) } = look;
    let query = SearchQuery::parse(&q).map_err(|error| ApiError::field("q", error))?;
    let sort = match sort {
        Order::Rank => Sort::Rank,
        Order::Newest => Sort::Newest,
    };
    let offset = cursor.map_or(0, |Whole(cursor)| cursor);
    let rooms = match room_id {
        // Only rooms that one is in: an administrator is no exception.
        Some(room) => {
            let room = state.visible_room(who, &room).await?;
            room.state.is_some().then_some(room.room.key).into_iter().collect()
        }
        None => state.reader.rooms_of(who.user.key).await?,
    };
    let sender = match sender {
        None => None,
        Some(sender) => match state.reader.user(&sender).await? {
            Some(user) => Some(user.key),
            None => return Ok(None),
        },
    };
    if rooms.is_empty() {
        return Ok(None);
    }
    Ok(Some(Wanted { query, rooms, sender, from, to, sort, offset, limit }))
}
