//! The database's rules, on a real database file.

mod bulk;
mod conversation;
mod erasure;
mod files;
mod identity;
mod imports;
mod messages;
mod push;
mod rooms;
mod storage;
mod trouble;
mod unread;
mod users;

use std::time::Duration;

use actix::{Actor, Addr};
use tokio::{sync::oneshot, time::timeout};

use super::{open::bring_up_to_date, samples::*, *};
use parlor_domain::{
    Adder, Adopted, Change, Contact, Denied, Mentioned, Message, MessageId, NewExtras, Role, Room,
    RoomBounds, RoomId, RoomKey, RoomKind, RoomRules, Seq, SignIn, Standing, StoredMessage,
    Timestamp, User, UserId, UserKey, UserOrigin, limits::PURGE_ROWS,
};

fn stored(result: &Stored) -> StoredMessage {
    result.clone().expect("stored")
}

fn positions(results: &[Stored]) -> Vec<(i64, bool)> {
    results.iter().map(stored).map(|stored| (stored.seq.0, stored.duplicate)).collect()
}

/// Waits until it is known that writes go through.
async fn found_well(writer: &Addr<Writer>) {
    let found = async { while !goes_through(writer).await {} };
    timeout(Duration::from_secs(9), found).await.expect("writes go through");
}
