//! Threads that users follow.

use actix_web::web;
use parlor_domain::{
    MessageId, Seq,
    limits::{HISTORY_PAGE, LIST_PAGE_MAX},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    State,
    reply::{Reply, fitting},
    request::Limit,
};
use crate::{auth::Identity, error::ApiError, protocol::FollowedThreadView};

#[derive(Serialize, JsonSchema)]
pub(super) struct Threads<'a> {
    threads: Vec<FollowedThreadView<'a>>,
    /// How many of all of them have something unread.
    unread_threads: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    has_more: bool,
}

/// Which threads are listed.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Listing {
    unread: Option<bool>,
    /// An opaque position: the newest reply of the last thread before.
    #[serde(default)]
    cursor: Seq,
    #[serde(default)]
    limit: Limit<HISTORY_PAGE, LIST_PAGE_MAX>,
}

pub(super) async fn list(
    who: Identity,
    state: web::Data<State>,
    Listing { unread, cursor, limit }: Listing,
) -> Result<Reply<Threads<'static>>, ApiError> {
    let before = MessageId(if cursor.0 > 0 { cursor.0 } else { i64::MAX });
    let listed = state.reader.followed_threads(who.user.key, unread, before, limit.0).await?;
    let (threads, fits) =
        fitting(&listed.threads, state.limits.page_bytes(), FollowedThreadView::from);
    let has_more = listed.more || !fits;
    let last = listed.threads.get(threads.len().wrapping_sub(1)).filter(|_| has_more);
    let cursor = last.map(|last| last.newest.0.to_string());
    Ok(Reply::ok(Threads { threads, unread_threads: listed.unread, cursor, has_more }))
}
