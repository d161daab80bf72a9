//! Attachments: streamed in and out, never in memory as a whole.

mod download;
mod upload;

use actix_web::web;

use super::{
    State,
    reply::{Done, Reply},
    request::OfId,
};
use crate::{
    attachments::{AllowedTypes, Store, StoreError, Thumbnails},
    auth::Identity,
    db::DropUpload,
    error::ApiError,
    protocol::{AttachmentView, ErrorCode},
    turns::{Shares, Turns},
};
use parlor_domain::{
    AttachmentId, FileQuota, StoredAttachment, UserKey,
    limits::{UPLOADS_AT_ONCE, UPLOADS_AT_ONCE_EACH},
};

pub use download::{content, thumbnail};
pub use upload::upload;

/// What uploads and downloads need.
#[derive(Clone)]
pub struct Files {
    pub store: Store,
    pub thumbnails: Thumbnails,
    pub allowed: AllowedTypes,
    /// Bytes of a file at most.
    pub bytes_max: u64,
    pub quota: FileQuota,
    at_once: Turns<UserKey>,
}

impl Files {
    pub fn new(store: Store, allowed: AllowedTypes, bytes_max: u64, quota: FileQuota) -> Self {
        // An upload that finds no place is refused at once, rather than held
        // half sent.
        let at_once = Turns::new(Shares {
            places: UPLOADS_AT_ONCE,
            each: UPLOADS_AT_ONCE_EACH,
            waiting: 0,
            waiting_each: 0,
            patience: std::time::Duration::ZERO,
        });
        let thumbnails = Thumbnails::default();
        Self { store, thumbnails, allowed, bytes_max, quota, at_once }
    }

    fn too_large(&self) -> ApiError {
        ApiError::too_large("file", format!("must have at most {} bytes", self.bytes_max))
    }
}

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
/// that they are a member of.
async fn allowed(state: &State, who: &Identity, id: &str) -> Result<StoredAttachment, ApiError> {
    let missing = || ApiError::not_found("attachment");
    let id = AttachmentId::parse(id).ok_or_else(missing)?;
    let stored = state.reader.attachment(id).await?.ok_or_else(missing)?;
    let may = match stored.place {
        None => stored.uploader == who.user.key,
        Some((room, _)) => {
            who.is_admin || state.reader.standing(room, who.user.key).await?.is_some()
        }
    };
    if may { Ok(stored) } else { Err(missing()) }
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
