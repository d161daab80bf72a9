//! The REST interface: a file per resource. `calls` is the table of all that can
//! be asked for. What changes a room goes to the ChatServer like what a session
//! asks; reads ask the database.

pub mod assistants;
pub mod fallback;
pub mod health;
pub mod metrics;
pub mod page;

mod accounts;
mod admin;
mod answers;
mod api_keys;
mod arriving;
mod ask;
mod attachments;
mod bans;
mod blocklists;
mod blocks;
mod browser;
mod call;
mod calls;
mod describe;
mod documents;
mod drafts;
mod events;
mod export;
mod extract;
mod files;
mod import;
mod index;
mod members;
mod messages;
mod noted;
mod observe;
mod presence;
mod push;
mod read;
mod reading;
mod reply;
mod reports;
mod request;
mod rooms;
mod saved;
mod scheduled;
mod search;
mod state;
mod streams;
mod threads;
mod tokens;
mod traced;
mod users;
mod webhooks;
#[cfg(test)]
mod wire;

pub use answers::Answers;
pub use browser::{cors, security_headers, with_credentials};
pub use calls::CALLS;
pub use describe::{DESCRIPTIONS, asyncapi};
pub use files::Files;
pub use index::Search;
pub use noted::Noted;
pub use observe::observe;
pub use page::policy as page_policy;
pub use state::{Draining, State};
