//! The rules of who may do what in a room, used by the ChatServer and in the
//! transaction alike.

#![deny(clippy::wildcard_enum_match_arm)]

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Role, RoomKind, Timestamp};

/// What a room's moderators have laid down for those who write in it. It is
/// stored and shown as it is here, without the rules that are those of any
/// room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct RoomRules {
    /// Only moderators write and react.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub frozen: bool,
    /// A member who does not moderate writes once in so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_mode_seconds: Option<i64>,
    /// The room has lists of words and patterns; a number that changes with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocklists: Option<i64>,
}

/// A change of a room's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulesChange {
    Freeze(bool),
    /// Seconds; `None` ends it.
    SlowMode(Option<i64>),
}

impl RoomRules {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    #[must_use]
    pub fn changed(self, change: RulesChange) -> Self {
        match change {
            RulesChange::Freeze(frozen) => Self { frozen, ..self },
            RulesChange::SlowMode(slow_mode_seconds) => Self { slow_mode_seconds, ..self },
        }
    }

    /// Whether a member who does not moderate, and last wrote then, may write
    /// again.
    pub fn may_write_again(
        self,
        spoke_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Denied> {
        let pause = self.slow_mode_seconds.unwrap_or(0).saturating_mul(1_000);
        let left = spoke_at.map_or(0, |at| at.0.saturating_add(pause) - now.0);
        // One that is further ahead was told by a clock that was wrong.
        let left = if left > pause.saturating_mul(2) { 0 } else { left };
        match u64::try_from(left) {
            Ok(left @ 1..) => Err(Denied::TooSoon(Duration::from_millis(left))),
            _ => Ok(()),
        }
    }
}

/// How a member stands in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub role: Role,
    pub muted_until: Option<Timestamp>,
    /// In a direct room: one of the two does not want to hear from the other.
    pub blocked: bool,
    /// The other user of a direct room was deleted.
    pub peer_deleted: bool,
}

/// Why something may not be done. Its text is for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("only members of the room may do this")]
    Stranger,
    #[error("you have read-only access to this room")]
    ReadOnly,
    #[error("you are muted in this room")]
    Muted,
    #[error("one of you has blocked the other")]
    Blocked,
    #[error("this user has been deleted")]
    PeerDeleted,
    #[error("only users who share a room with this user may do this")]
    SharesNoRoom,
    #[error("only the application may bring people together here")]
    NotBackend,
    #[error("users do not find each other by name here")]
    NoDirectory,
    #[error("this room is frozen")]
    Frozen,
    #[error("this room is in slow mode; wait a little before you write again")]
    TooSoon(Duration),
    #[error("only moderators may write in this room")]
    Announcement,
    #[error("only moderators of the room may do this")]
    NotModerator,
    #[error("only the owner of the room may do this")]
    NotOwner,
    #[error("only the author of the message may do this")]
    NotAuthor,
    #[error("only who is answered, or a moderator, may stop this")]
    NotAnswered,
    #[error("what is said here is looked at before others see it; send it when it is whole")]
    AskedBefore,
    #[error("this member's role is not lower than yours")]
    Outranked,
    #[error("you are banned from this room")]
    Banned,
    #[error("this cannot be done in a direct room")]
    Direct,
    #[error("only an administrator may do this")]
    NotAdmin,
    #[error("only a service may do this")]
    NotService,
    #[error("you cannot do this to yourself")]
    Oneself,
    #[error("rooms of this name are made when they are first joined; join it")]
    MadeByRule,
}

impl Denied {
    /// How long until it may be done, where it is enough to wait.
    pub fn retry_after(self) -> Option<Duration> {
        if let Self::TooSoon(left) = self { Some(left) } else { None }
    }
}

impl Standing {
    pub fn new(role: Role) -> Self {
        Self { role, muted_until: None, blocked: false, peer_deleted: false }
    }

    /// Whether one may say something: send, edit.
    pub fn may_write(
        &self,
        kind: RoomKind,
        rules: RoomRules,
        now: Timestamp,
    ) -> Result<(), Denied> {
        self.may_react(rules, now)?;
        match kind {
            RoomKind::Announcement if self.role < Role::Moderator => Err(Denied::Announcement),
            RoomKind::Public | RoomKind::Private | RoomKind::Announcement | RoomKind::Direct => {
                Ok(())
            }
        }
    }

    /// Whether one may take part: react, type.
    pub fn may_react(&self, rules: RoomRules, now: Timestamp) -> Result<(), Denied> {
        let RoomRules { frozen, slow_mode_seconds: _, blocklists: _ } = rules;
        if self.role == Role::ReadOnly {
            Err(Denied::ReadOnly)
        } else if self.blocked {
            Err(Denied::Blocked)
        } else if self.peer_deleted {
            Err(Denied::PeerDeleted)
        } else if self.muted_until.is_some_and(|until| now < until) {
            Err(Denied::Muted)
        } else if frozen && !self.moderates() {
            Err(Denied::Frozen)
        } else {
            Ok(())
        }
    }

    /// Whether one may keep a message in sight of all: in a direct room both,
    /// elsewhere moderators.
    pub fn may_pin(&self, kind: RoomKind, rules: RoomRules, now: Timestamp) -> Result<(), Denied> {
        self.may_react(rules, now)?;
        match kind {
            RoomKind::Direct => Ok(()),
            RoomKind::Public | RoomKind::Private | RoomKind::Announcement => {
                if self.moderates() {
                    Ok(())
                } else {
                    Err(Denied::NotModerator)
                }
            }
        }
    }

    pub fn moderates(&self) -> bool {
        self.role >= Role::Moderator
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000);
    const PLAIN: RoomRules = RoomRules { frozen: false, slow_mode_seconds: None, blocklists: None };

    #[test]
    fn a_member_writes_unless_muted_blocked_read_only_or_in_an_announcement_room() {
        let member = Standing::new(Role::Member);
        assert_eq!(member.may_write(RoomKind::Public, PLAIN, NOW), Ok(()));
        assert_eq!(member.may_write(RoomKind::Announcement, PLAIN, NOW), Err(Denied::Announcement));
        assert_eq!(member.may_react(PLAIN, NOW), Ok(()));
        let moderator = Standing::new(Role::Moderator);
        assert_eq!(moderator.may_write(RoomKind::Announcement, PLAIN, NOW), Ok(()));
        let reader = Standing::new(Role::ReadOnly);
        assert_eq!(reader.may_write(RoomKind::Public, PLAIN, NOW), Err(Denied::ReadOnly));
        let blocked = Standing { blocked: true, ..member };
        assert_eq!(blocked.may_write(RoomKind::Direct, PLAIN, NOW), Err(Denied::Blocked));
        let alone = Standing { peer_deleted: true, ..member };
        assert_eq!(alone.may_write(RoomKind::Direct, PLAIN, NOW), Err(Denied::PeerDeleted));
        assert_eq!(alone.may_react(PLAIN, NOW), Err(Denied::PeerDeleted));
    }

    #[test]
    fn in_a_frozen_room_only_moderators_take_part() {
        let frozen = PLAIN.changed(RulesChange::Freeze(true));
        let (member, moderator) = (Standing::new(Role::Member), Standing::new(Role::Moderator));
        assert_eq!(member.may_write(RoomKind::Public, frozen, NOW), Err(Denied::Frozen));
        assert_eq!(member.may_react(frozen, NOW), Err(Denied::Frozen));
        assert_eq!(moderator.may_write(RoomKind::Public, frozen, NOW), Ok(()));
        assert!(frozen.changed(RulesChange::Freeze(false)).is_default());
    }

    #[test]
    fn in_slow_mode_one_waits_for_what_is_left_of_the_pause() {
        let slow = PLAIN.changed(RulesChange::SlowMode(Some(30)));
        let left = |spoke_at: Option<i64>, now| {
            let denied = slow.may_write_again(spoke_at.map(Timestamp), Timestamp(now)).err();
            denied.and_then(Denied::retry_after).map(|left| left.as_millis())
        };
        assert_eq!(left(None, 5_000), None, "the first one");
        assert_eq!(left(Some(5_000), 5_000), Some(30_000));
        assert_eq!(left(Some(5_000), 34_999), Some(1));
        assert_eq!(left(Some(5_000), 35_000), None);
        assert_eq!(left(Some(6_000), 5_000), Some(31_000), "of another node's clock");
        assert_eq!(left(Some(90_000), 5_000), None, "of a clock that was wrong");
        assert_eq!(PLAIN.may_write_again(Some(NOW), NOW), Ok(()));
    }

    #[test]
    fn a_mute_ends_by_itself() {
        let muted = Standing { muted_until: Some(Timestamp(1_001)), ..Standing::new(Role::Member) };
        assert_eq!(muted.may_write(RoomKind::Public, PLAIN, NOW), Err(Denied::Muted));
        assert_eq!(muted.may_write(RoomKind::Public, PLAIN, Timestamp(1_001)), Ok(()));
    }

    #[test]
    fn pins_are_for_moderators_and_for_both_in_a_direct_room() {
        let member = Standing::new(Role::Member);
        assert_eq!(member.may_pin(RoomKind::Private, PLAIN, NOW), Err(Denied::NotModerator));
        assert_eq!(member.may_pin(RoomKind::Direct, PLAIN, NOW), Ok(()));
        assert_eq!(Standing::new(Role::Owner).may_pin(RoomKind::Private, PLAIN, NOW), Ok(()));
    }
}
