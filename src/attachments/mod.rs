//! Files that people attach: stored on local disk or in an S3-compatible
//! store.
//!
//! Nothing a client says of a file is believed: its type comes from its
//! bytes, its name is only shown. A file goes through in pieces and is never
//! in memory as a whole, but for images that are small enough for a
//! thumbnail. The row comes first and the file after, so that whatever a
//! crash leaves behind is found by the sweeper.

mod kind;
mod name;
mod picture;
mod pieces;
mod store;
mod sweeper;
mod thumbnail;

pub use kind::{AllowedTypes, HEAD_BYTES, detect, is_safe_image};
pub use name::clean_name;
pub use store::{ByteRange, Content, Store, StoreConfig, StoreError, Upload};
pub use sweeper::Sweeper;
pub use thumbnail::{Thumbnail, Thumbnails};
