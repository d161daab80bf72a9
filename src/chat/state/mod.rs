//! What the ChatServer knows. Nothing here reads, waits or sends, so its tests
//! are plain values.

pub mod bulks;
pub mod crowds;
pub mod marks;
pub mod own;
pub mod presence;
pub mod purges;
pub mod questions;
pub mod restrictions;
pub mod rooms;
pub mod sessions;
pub mod streams;
pub mod timeline;
pub mod typing;
pub mod waiting;
pub mod watchers;
