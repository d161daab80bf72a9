//! Attachments: stored on local disk or in an S3-compatible store.
//!
//! Nothing a client says about a file is trusted: its type is detected from the
//! bytes, its name is only displayed. Files are streamed and never in memory as
//! a whole, except images small enough for a thumbnail. The row is written
//! before the file, so that whatever a crash leaves behind is found by the
//! sweeper.

mod kind;
mod link;
mod media;
mod name;
mod picture;
mod pieces;
mod store;
mod sweeper;
mod thumbnail;

pub use kind::{AllowedTypes, HEAD_BYTES, detect, is_safe_image};
pub use link::{Link, Linked, Links};
pub use media::{add_media, is_played};
pub use name::clean_name;
pub use store::{ByteRange, Content, Store, StoreConfig, StoreError, Upload};
pub use sweeper::Sweeper;
pub use thumbnail::{Thumbnail, Thumbnails};
