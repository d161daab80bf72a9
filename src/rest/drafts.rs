//! What users have begun to write.

use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    State,
    reply::{Reply, fitting},
    request::ByCursor,
};
use crate::{auth::Identity, error::ApiError, protocol::DraftView};
use parlor_domain::Timestamp;

#[derive(Serialize, JsonSchema)]
pub(super) struct Drafts<'a> {
    drafts: Vec<DraftView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    has_more: bool,
}

/// A page goes on with what is older than the last one of the page before.
pub(super) async fn list(
    who: Identity,
    state: web::Data<State>,
    ByCursor { cursor, limit }: ByCursor,
) -> Result<Reply<Drafts<'static>>, ApiError> {
    let before = if cursor.0 > 0 { Timestamp(cursor.0) } else { Timestamp(i64::MAX) };
    let (listed, more) = state.reader.drafts(who.user.key, before, limit.0).await?;
    let (drafts, fits) = fitting(&listed, state.limits.page_bytes(), DraftView::from);
    let has_more = more || !fits;
    let last = listed.get(drafts.len().wrapping_sub(1)).filter(|_| has_more);
    let cursor = last.map(|draft| draft.updated_at.0.to_string());
    Ok(Reply::ok(Drafts { drafts, cursor, has_more }))
}
