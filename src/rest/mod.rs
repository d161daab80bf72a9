//! The REST interface: a file per resource. Commands that change a room go to
//! the ChatServer like those of a session; reads ask the database.

pub mod accounts;
pub mod admin;
pub mod api_keys;
pub mod attachments;
pub mod bans;
pub mod blocks;
pub mod documents;
pub mod events;
pub mod export;
pub mod fallback;
pub mod health;
pub mod members;
pub mod messages;
pub mod metrics;
pub mod page;
pub mod presence;
pub mod read;
pub mod rooms;
pub mod search;
pub mod tokens;
pub mod webhooks;

mod answers;
mod arriving;
mod ask;
mod describe;
mod edge;
mod extract;
mod observe;
mod state;

pub use answers::Answers;
pub use attachments::Files;
pub use edge::{cors, security_headers};
pub use extract::Body;
pub use observe::observe;
pub use search::Search;
pub use state::{Draining, State};
