//! Full-text search over a user's rooms.

use actix_web::{HttpResponse, web};
use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    State,
    extract::{room_id, user_id},
};
use crate::{
    auth::Identity,
    db::{SearchIndex, SearchQuery, Sort, Wanted},
    error::ApiError,
    limiter::Limited,
    protocol::{ErrorCode, MessageView, json_size},
    turns::{NoTurn, Shares, Turns},
};
use parlor_domain::{
    Message, MessageId, RoomKey, Timestamp, UserKey,
    limits::{
        RETRY_AFTER, SEARCH_CONNECTIONS, SEARCH_OFFSET_MAX, SEARCH_PAGE, SEARCH_PAGE_MAX,
        SEARCH_PATIENCE, SEARCHES_EACH, SEARCHES_WAITING, SEARCHES_WAITING_EACH, page_bytes,
    },
};

/// The index, and how many may look into it at once.
#[derive(Clone)]
pub struct Search {
    index: SearchIndex,
    turns: Turns<UserKey>,
}

impl Search {
    pub fn new(index: SearchIndex) -> Self {
        let turns = Turns::new(Shares {
            places: usize::try_from(SEARCH_CONNECTIONS).unwrap_or(1),
            each: SEARCHES_EACH,
            waiting: SEARCHES_WAITING,
            waiting_each: SEARCHES_WAITING_EACH,
            patience: SEARCH_PATIENCE,
        });
        Self { index, turns }
    }

    /// Looks into the index beside the threads that serve.
    async fn run<T: Send + 'static>(
        &self,
        of: UserKey,
        work: impl FnOnce(&SearchIndex) -> Result<T, String> + Send + 'static,
    ) -> Result<T, ApiError> {
        let failed = |error: String| {
            log::error!("a search failed: {error}");
            ApiError::unavailable()
        };
        let turn = self.turns.enter(of).await.map_err(|no| match no {
            NoTurn::Own => ApiError::from(Limited { retry_after: RETRY_AFTER }),
            NoTurn::Full => ApiError::unavailable(),
        })?;
        let index = self.index.clone();
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&index);
            drop(turn);
            done
        });
        done.await.map_err(|error| failed(error.to_string()))?.map_err(failed)
    }
}

#[derive(Deserialize)]
pub struct SearchParams {
    q: Option<String>,
    room_id: Option<String>,
    sender: Option<String>,
    from: Option<String>,
    to: Option<String>,
    sort: Option<String>,
    cursor: Option<i64>,
    limit: Option<i64>,
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

fn time(name: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let what = "must be a time such as 2026-11-20T21:00:00Z";
    let time = Timestamp::parse_rfc3339(text).ok_or_else(|| ApiError::field(name, what))?;
    Ok(Some(time))
}

pub async fn search(
    state: web::Data<State>,
    who: Identity,
    params: web::Query<SearchParams>,
) -> Result<HttpResponse, ApiError> {
    let off = || ApiError::new(ErrorCode::NotFound, "search is switched off");
    let search = state.search.as_ref().ok_or_else(off)?;
    let Some(wanted) = wanted(&state, &who, &params).await? else {
        let none = Results { results: Vec::new(), cursor: None, has_more: false };
        return Ok(HttpResponse::Ok().json(none));
    };
    let (query, offset, limit) = (wanted.query.clone(), wanted.offset, wanted.limit);
    let rooms: FxHashSet<RoomKey> = wanted.rooms.iter().copied().collect();
    let (hits, more) = search.run(who.user.key, move |index| index.find(&wanted)).await?;
    let ids: Vec<MessageId> = hits.iter().map(|hit| hit.message).collect();
    // The index may be behind: what counts is what can be seen now.
    let visible = state.reader.messages_by_id(&ids).await?;
    let is_found = |message: &Message| {
        let files = message.extras.as_ref().and_then(|extras| extras.attachments.as_deref());
        message.deleted_at.is_none()
            && rooms.contains(&message.room_key)
            && query.matches(&message.content, files)
    };
    let messages: FxHashMap<MessageId, Message> =
        visible.into_iter().filter(is_found).map(|message| (message.id, message)).collect();
    let bytes_max = page_bytes(&state.limits);
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
    let results = Results { results, cursor: has_more.then_some(next), has_more };
    Ok(HttpResponse::Ok().json(results))
}

/// What is looked for; `None` if there is nowhere to look.
async fn wanted(
    state: &State,
    who: &Identity,
    params: &SearchParams,
) -> Result<Option<Wanted>, ApiError> {
    let text = params.q.as_deref().ok_or_else(|| ApiError::field("q", "is missing"))?;
    let query = SearchQuery::parse(text).map_err(|error| ApiError::field("q", error))?;
    let (from, to) = (time("from", params.from.as_deref())?, time("to", params.to.as_deref())?);
    let sort = match params.sort.as_deref() {
        None | Some("rank") => Sort::Rank,
        Some("newest") => Sort::Newest,
        Some(_) => return Err(ApiError::field("sort", "must be rank or newest")),
    };
    let number = |name, value: Option<i64>, default, allowed: std::ops::RangeInclusive<i64>| {
        let value = value.unwrap_or(default);
        let (least, most) = (*allowed.start(), *allowed.end());
        let what = format!("must be a number from {least} to {most}");
        if allowed.contains(&value) { Ok(value) } else { Err(ApiError::field(name, what)) }
    };
    let offset = number("cursor", params.cursor, 0, 0..=SEARCH_OFFSET_MAX)?;
    let limit = number("limit", params.limit, SEARCH_PAGE, 1..=SEARCH_PAGE_MAX)?;
    let rooms = match &params.room_id {
        // Only rooms that one is in: an administrator is no exception.
        Some(room) => {
            let room = state.visible_room(who, &room_id(room)?).await?;
            room.state.is_some().then_some(room.room.key).into_iter().collect()
        }
        None => state.reader.rooms_of(who.user.key).await?,
    };
    let sender = match &params.sender {
        None => None,
        Some(sender) => match state.reader.user(&user_id(sender)?).await? {
            Some(user) => Some(user.key),
            None => return Ok(None),
        },
    };
    if rooms.is_empty() {
        return Ok(None);
    }
    Ok(Some(Wanted { query, rooms, sender, from, to, sort, offset, limit }))
}
