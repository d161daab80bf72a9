//! What the product is about: ids, users, rooms, members, messages, marks.
//!
//! Pure data and rules. Nothing here knows the wire, the database, an actor,
//! the clock or the environment, so every rule is tested with plain values.

mod id;
mod message;
mod room;
mod time;
mod user;

pub use id::{
    ClientId, ID_CHARS_MAX, InvalidId, MessageId, MessageIds, RoomId, RoomKey, Seq, UserId, UserKey,
};
pub use message::{HistoryCursor, HistoryPage, Message, ReadTarget};
pub use room::{Member, Receipt, Role, Room, RoomKind, RoomOverview, RoomState};
pub use time::Timestamp;
pub use user::User;
