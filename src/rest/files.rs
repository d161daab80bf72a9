//! The store of files, which few may upload to at once.

use std::time::Duration;

use crate::{
    attachments::{AllowedTypes, Links, Store, Thumbnails},
    error::ApiError,
    turns::{Shares, Turns},
};
use parlor_domain::{
    FileQuota, UserKey,
    limits::{UPLOADS_AT_ONCE, UPLOADS_AT_ONCE_EACH},
};

/// What uploads and downloads need.
#[derive(Clone)]
pub struct Files {
    pub store: Store,
    pub thumbnails: Thumbnails,
    pub links: Links,
    pub allowed: AllowedTypes,
    /// Bytes of a file at most.
    pub bytes_max: u64,
    pub quota: FileQuota,
    pub(super) at_once: Turns<UserKey>,
}

impl Files {
    pub fn new(
        store: Store,
        links: Links,
        allowed: AllowedTypes,
        bytes_max: u64,
        quota: FileQuota,
    ) -> Self {
        // An upload that finds no place is refused at once, rather than held
        // half sent.
        let at_once = Turns::new(Shares {
            places: UPLOADS_AT_ONCE,
            each: UPLOADS_AT_ONCE_EACH,
            waiting: 0,
            waiting_each: 0,
            queue_timeout: Duration::ZERO,
        });
        let thumbnails = Thumbnails::default();
        Self { store, thumbnails, links, allowed, bytes_max, quota, at_once }
    }

    pub(super) fn too_large(&self) -> ApiError {
        ApiError::too_large("file", format!("must have at most {} bytes", self.bytes_max))
    }
}
