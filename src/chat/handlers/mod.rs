//! What the ChatServer does with each message, a file per concern.

mod admin;
mod behind;
mod bounds;
mod commit;
mod connect;
mod direct;
mod drain;
mod left_rooms;
mod listing;
mod lookup;
mod meeting;
mod member;
mod message;
mod presence;
mod publish;
mod remote;
mod replay;
mod request;
mod room;
mod subscribe;
mod upkeep;

pub(super) use commit::Marks;
pub use member::{Leaving, MemberAdded, adder};
pub use publish::Audience;
