//! What users have saved.

use actix_web::web;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    State,
    reply::{Reply, fitting},
    request::Limit,
};
use crate::{auth::Identity, error::ApiError, protocol::SavedMessageView};
use parlor_domain::{
    Seq, Timestamp,
    limits::{HISTORY_PAGE, LIST_PAGE_MAX},
};

#[derive(Serialize, JsonSchema)]
pub(super) struct SavedMessages<'a> {
    saved: Vec<SavedMessageView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    has_more: bool,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Listing {
    #[serde(default)]
    reminders: bool,
    #[serde(default)]
    cursor: Seq,
    #[serde(default)]
    limit: Limit<HISTORY_PAGE, LIST_PAGE_MAX>,
}

/// A page goes on with what was saved before the last one of the page before; reminders,
/// of which there are few, are counted off.
pub(super) async fn list(
    who: Identity,
    state: web::Data<State>,
    Listing { reminders, cursor: Seq(cursor), limit }: Listing,
) -> Result<Reply<SavedMessages<'static>>, ApiError> {
    let (listed, more) = if reminders {
        state.reader.reminders(who.user.key, cursor, limit.0).await?
    } else {
        let before = if cursor > 0 { Timestamp(cursor) } else { Timestamp(i64::MAX) };
        state.reader.saved(who.user.key, before, limit.0).await?
    };
    let (saved, fits) = fitting(&listed, state.limits.page_bytes(), SavedMessageView::from);
    let has_more = more || !fits;
    let last = listed.get(saved.len().wrapping_sub(1)).filter(|_| has_more);
    let counted = i64::try_from(saved.len()).unwrap_or(limit.0).saturating_add(cursor);
    let next = |saved_at: Option<Timestamp>| match reminders {
        true => counted,
        false => saved_at.map_or(0, |at| at.0),
    };
    let cursor = last.map(|(last, _)| next(last.saved_at).to_string());
    Ok(Reply::ok(SavedMessages { saved, cursor, has_more }))
}
