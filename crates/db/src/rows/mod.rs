//! Rows as they are selected, and what turns them into the domain's types:
//! the same for every database.

pub(super) mod attachment;
pub(super) mod bar;
pub(crate) mod blocklist;
pub(super) mod message;
pub mod message_json;
pub mod preferences;
pub(super) mod profile;
pub(super) mod report;
pub mod room;
pub mod scheduled;
pub(super) mod standing;
pub(super) mod user;
