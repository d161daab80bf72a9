//! Attachments: streamed in and out, never in memory as a whole.

mod download;
mod linked;
mod upload;
mod wanted;

use actix_web::web;

use super::{
    State,
    reply::{Done, Reply},
    request::OfId,
};
use crate::{
    attachments::StoreError,
    auth::Identity,
    db::DropUpload,
    error::ApiError,
    protocol::{AttachmentView, ErrorCode},
};
use parlor_domain::{AttachmentId, StoredAttachment};

pub use download::{content, thumbnail};
pub use linked::{content as linked_content, link, thumbnail as linked_thumbnail};
pub use upload::upload;

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Away => Self::unavailable(),
            StoreError::Missing => {
                Self::new(ErrorCode::NotFound, "the file is missing from the store")
            }
        }
    }
}

/// An attachment that the asker may have: their own upload, or one of a room
/// that they may read.
async fn allowed(state: &State, who: &Identity, id: &str) -> Result<StoredAttachment, ApiError> {
    let missing = || ApiError::not_found("attachment");
    let id = AttachmentId::parse(id).ok_or_else(missing)?;
    let stored = state.reader.attachment(id).await?.ok_or_else(missing)?;
    match stored.place {
        None if stored.uploader != who.user.key => return Err(missing()),
        None => {}
        Some((room, _)) => state.readable_by_key(who, room, missing).await?,
    }
    Ok(stored)
}

pub async fn show(
    who: Identity,
    state: web::Data<State>,
    OfId { id }: OfId,
) -> Result<Reply<AttachmentView<'static>>, ApiError> {
    let stored = allowed(&state, &who, &id).await?;
    Ok(Reply::ok(AttachmentView::from(&stored.attachment)))
}

/// Only an upload that no message has.
pub async fn delete(
    who: Identity,
    state: web::Data<State>,
    OfId { id }: OfId,
) -> Result<Reply<Done>, ApiError> {
    let id = AttachmentId::parse(&id).ok_or_else(|| ApiError::not_found("attachment"))?;
    state.commit(DropUpload { id, uploader: who.user.key, unused: 0 }).await?;
    Ok(Reply::done())
}
