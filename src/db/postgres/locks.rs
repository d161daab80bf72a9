//! What a batch locks before it begins.

use std::{
    collections::BTreeSet,
    hash::{Hash, Hasher},
};

use rustc_hash::FxHasher;

use crate::db::{SeenUser, Write};
use parlor_domain::RoomKey;

/// The lock on everything: shared by every batch, and held alone by those
/// few that touch what cannot be known before.
pub(super) const WHOLE: i64 = 0;

/// Keys of advisory locks, in the order in which they are taken.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Locks {
    /// Nobody else may write meanwhile.
    pub whole: bool,
    pub keys: Vec<i64>,
}

/// Rooms, users and names have ranges of their own, so that none is another's.
fn room(key: i64) -> i64 {
    key * 2 + 1
}

fn user(key: i64) -> i64 {
    key * 2 + 2
}

/// What has no key yet is locked by its name. Two names with the same hash
/// wait for each other, and that is all.
fn name(kind: &str, text: impl Hash) -> i64 {
    let mut hasher = FxHasher::default();
    (kind, text).hash(&mut hasher);
    // Negative: never a room's or a user's.
    (hasher.finish() as i64) | i64::MIN
}

/// The messages whose rooms have to be looked up first.
pub(super) fn changed_messages(writes: &[Write]) -> Vec<i64> {
    let change = |write: &Write| match write {
        Write::Change(change) => Some(change.message.0),
        _ => None,
    };
    writes.iter().filter_map(change).collect()
}

/// The refresh tokens whose users have to be looked up first: a sign-in goes
/// on, or ends, while another write may end all of its user's.
pub(super) fn refreshed(writes: &[Write]) -> Vec<&[u8]> {
    let mut hashes: Vec<&[u8]> = Vec::new();
    for write in writes {
        if let Write::RefreshRotate { hash, .. } | Write::RefreshRevoke { hash, .. } = write {
            hashes.push(hash);
        }
    }
    hashes
}

impl Locks {
    /// What these writes decide about; `rooms` are those of the changed
    /// messages, `users` those of the refresh tokens.
    pub fn of(writes: &[Write], rooms: &[i64], users: &[i64]) -> Self {
        let mut locks = Self::default();
        let mut keys: BTreeSet<i64> = rooms.iter().copied().map(room).collect();
        keys.extend(users.iter().copied().map(user));
        for write in writes {
            locks.add(write, &mut keys);
        }
        locks.keys = keys.into_iter().collect();
        locks
    }

    fn add(&mut self, write: &Write, keys: &mut BTreeSet<i64>) {
        let mut of_room = |key: &RoomKey| {
            keys.insert(room(key.0));
        };
        match write {
            Write::Message(new) => of_room(&new.room),
            // Their rooms are known already.
            Write::Change(_) => {}
            Write::Delivered { room, .. }
            | Write::RoomUpdate { room, .. }
            | Write::RoomTrim { room, .. }
            | Write::RoomRetention { room, .. }
            | Write::RoomDelete { room }
            | Write::RoomEnd { room, .. }
            | Write::RoomLeft { room, .. }
            | Write::RoomClear { room }
            | Write::Purge { room } => of_room(room),
            Write::Read { room: key, user: of, .. }
            | Write::MemberAdd { room: key, user: of, .. }
            | Write::MemberRemove { room: key, user: of, .. }
            | Write::MemberUpdate { room: key, user: of, .. }
            | Write::Ban { room: key, user: of, .. }
            | Write::Unban { room: key, user: of } => {
                of_room(key);
                keys.insert(user(of.0));
            }
            Write::OwnerTransfer { room: key, from, to } => {
                of_room(key);
                keys.extend(from.map(|from| user(from.0)));
                keys.insert(user(to.0));
            }
            Write::PublishRoom { room: key, key: once, .. } => {
                of_room(key);
                keys.extend(once.as_ref().map(|once| name("publication", once.as_str())));
            }
            Write::RoomCreate(new) => {
                keys.extend([name("room", new.id.as_str()), user(new.owner.0)]);
            }
            Write::PublishUser { user: of, key: once, .. } => {
                keys.insert(user(of.0));
                keys.extend(once.as_ref().map(|once| name("publication", once.as_str())));
            }
            Write::PublishOnce { key, .. } => {
                keys.insert(name("publication", key.as_str()));
            }
            // Two that differ in case alone exclude each other, too.
            Write::UserEnsure(SeenUser { id, .. }) | Write::UserRegister { id, .. } => {
                keys.insert(name("user", id.as_str().to_ascii_lowercase()));
            }
            // Their users are known already.
            Write::RefreshRotate { hash, .. } | Write::RefreshRevoke { hash, .. } => {
                keys.insert(name("refresh", hash));
            }
            Write::ReadAll { user: of, .. }
            | Write::InboxAck { user: of, .. }
            | Write::Presence { user: of, .. }
            | Write::UserRevoke { user: of, .. }
            | Write::UserBan { user: of, .. }
            | Write::PasswordChange { user: of, .. }
            | Write::AttachmentDrop { uploader: of, .. }
            | Write::RefreshStart { user: of, .. } => {
                keys.insert(user(of.0));
            }
            Write::AttachmentBegin(new) => {
                keys.insert(user(new.uploader.0));
            }
            Write::AttachmentFinish(new) => {
                keys.insert(user(new.uploader.0));
            }
            // Rooms that are found only on the way: rare, and short.
            Write::DirectOpen(_)
            | Write::Block { .. }
            | Write::Erase { .. }
            | Write::EraseMessages { .. }
            | Write::ApiKeyAdd(_) => self.whole = true,
            // One row each, which the database locks itself.
            Write::Expire { .. }
            | Write::Seen(_)
            | Write::TokenRevoke { .. }
            | Write::ApiKeyRevoke { .. }
            | Write::AttachmentsExpire { .. }
            | Write::AttachmentsGone { .. }
            | Write::OutboxSettle(_)
            | Write::OutboxReplay { .. }
            | Write::OutboxDrop { .. }
            | Write::Audit(_)
            | Write::Signal { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlor_domain::{Timestamp, UserKey};

    #[test]
    fn a_batch_locks_its_rooms_and_users_once_and_in_one_order() {
        let (room, user) = (|key| RoomKey(key), |key| UserKey(key));
        let remove =
            |r, u| Write::MemberRemove { room: room(r), user: user(u), by: None, is_self: true };
        let one = Locks::of(&[remove(2, 7), remove(1, 7)], &[], &[]);
        let other = Locks::of(&[remove(1, 7), remove(2, 7)], &[1], &[7]);
        assert_eq!(one, other);
        assert!(one.keys.is_sorted() && one.keys.len() == 3 && !one.whole);
    }

    #[test]
    fn rooms_users_and_names_are_never_mistaken() {
        let all = [room(1), room(2), user(1), user(2), name("room", "1"), name("user", "1")];
        let distinct: BTreeSet<i64> = all.into_iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert!(!distinct.contains(&WHOLE));
    }

    #[test]
    fn what_concerns_unknown_rooms_locks_everything() {
        let erase = Write::Erase { user: UserKey(1), at: Timestamp(1) };
        assert!(Locks::of(&[erase], &[], &[]).whole);
    }
}
