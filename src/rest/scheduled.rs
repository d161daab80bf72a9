//! Messages that are to be sent later.

use actix_web::web;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    State,
    reply::{Reply, fitting},
    request::Limit,
};
use crate::{auth::Identity, error::ApiError, protocol::ScheduledView};
use parlor_domain::{
    RoomId, Seq,
    limits::{HISTORY_PAGE, LIST_PAGE_MAX},
};

#[derive(Serialize, JsonSchema)]
pub(super) struct ScheduledMessages<'a> {
    scheduled: Vec<ScheduledView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    has_more: bool,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Listing {
    room_id: Option<RoomId>,
    #[serde(default)]
    cursor: Seq,
    #[serde(default)]
    limit: Limit<HISTORY_PAGE, LIST_PAGE_MAX>,
}

/// A user has so few that they are counted off, not followed by a key.
pub(super) async fn list(
    who: Identity,
    state: web::Data<State>,
    Listing { room_id, cursor: Seq(after), limit }: Listing,
) -> Result<Reply<ScheduledMessages<'static>>, ApiError> {
    let page = state.reader.scheduled(who.user.key, room_id.as_ref(), after, limit.0);
    let (listed, more) = page.await?;
    let (scheduled, fits) = fitting(&listed, state.limits.page_bytes(), ScheduledView::from);
    let has_more = more || !fits;
    let next = i64::try_from(scheduled.len()).unwrap_or(limit.0).saturating_add(after);
    let cursor = has_more.then(|| next.to_string());
    Ok(Reply::ok(ScheduledMessages { scheduled, cursor, has_more }))
}
