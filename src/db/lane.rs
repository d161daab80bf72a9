//! Which lane a write goes through.

use super::Write;
use parlor_domain::{RoomKey, UserKey};

/// Where a write goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    One(usize),
    /// It concerns rooms of several lanes.
    All,
}

/// A room's writes go through one lane, so that they are decided, committed
/// and told in one order; others are spread by their user.
pub(super) fn lane_of(write: &Write, lanes: usize) -> Lane {
    if lanes <= 1 {
        return Lane::One(0);
    }
    let of = |key: i64| Lane::One(usize::try_from(key.unsigned_abs()).unwrap_or(0) % lanes);
    let room = |room: &RoomKey| of(room.0);
    let user = |user: &UserKey| of(user.0);
    match write {
        Write::Message(new) => room(&new.room),
        // Its room is found on the way; the numbers give its order.
        Write::Change(new) => of(new.message.0),
        Write::Read { room: key, .. }
        | Write::Delivered { room: key, .. }
        | Write::RoomUpdate { room: key, .. }
        | Write::RoomTrim { room: key, .. }
        | Write::RoomRetention { room: key, .. }
        | Write::RoomDelete { room: key }
        | Write::RoomEnd { room: key, .. }
        | Write::RoomLeft { room: key, .. }
        | Write::RoomClear { room: key }
        | Write::Purge { room: key }
        | Write::MemberAdd { room: key, .. }
        | Write::MemberRemove { room: key, .. }
        | Write::MemberUpdate { room: key, .. }
        | Write::OwnerTransfer { room: key, .. }
        | Write::Ban { room: key, .. }
        | Write::Unban { room: key, .. }
        | Write::PublishRoom { room: key, .. } => room(key),
        // They change how their users stand in rooms that are found on the way.
        Write::DirectOpen(_)
        | Write::Block { .. }
        | Write::Erase { .. }
        | Write::EraseMessages { .. } => Lane::All,
        Write::RoomCreate(new) => user(&new.owner),
        Write::ReadAll { user: key, .. }
        | Write::PublishUser { user: key, .. }
        | Write::InboxAck { user: key, .. }
        | Write::Presence { user: key, .. }
        | Write::UserRevoke { user: key, .. }
        | Write::UserBan { user: key, .. }
        | Write::AttachmentDrop { uploader: key, .. }
        | Write::PasswordChange { user: key, .. }
        | Write::RefreshStart { user: key, .. } => user(key),
        Write::AttachmentBegin(new) => user(&new.uploader),
        Write::AttachmentFinish(new) => user(&new.uploader),
        Write::PublishOnce { .. }
        | Write::Expire { .. }
        | Write::Seen(_)
        | Write::TokenRevoke { .. }
        | Write::ApiKeyAdd(_)
        | Write::ApiKeyRevoke { .. }
        | Write::AttachmentsExpire { .. }
        | Write::AttachmentsGone { .. }
        | Write::OutboxSettle(_)
        | Write::OutboxReplay { .. }
        | Write::OutboxDrop { .. }
        | Write::Audit(_)
        | Write::Signal { .. }
        | Write::UserEnsure(_)
        | Write::UserRegister { .. }
        | Write::RefreshRotate { .. }
        | Write::RefreshRevoke { .. } => Lane::One(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlor_domain::{ReadTarget, Timestamp};

    #[test]
    fn what_is_decided_in_a_room_goes_through_one_lane() {
        let at = Timestamp(1);
        for key in 0..40 {
            let room = RoomKey(key);
            let lanes: Vec<Lane> = [
                Write::RoomClear { room },
                Write::MemberRemove { room, user: UserKey(3), by: None, is_self: true },
                Write::Read { room, user: UserKey(5), target: ReadTarget::All, at },
            ]
            .iter()
            .map(|write| lane_of(write, 4))
            .collect();
            assert_eq!(lanes, vec![Lane::One(usize::try_from(key).expect("small") % 4); 3]);
        }
        let erase = Write::Erase { user: UserKey(1), at };
        assert_eq!(lane_of(&erase, 4), Lane::All);
        assert_eq!(lane_of(&erase, 1), Lane::One(0), "there is only one");
    }
}
