//! What can happen.

use proptest::prelude::*;

/// Users and rooms by number; a message by its place among all that were
/// sent, counted from the latest.
#[derive(Clone, Debug)]
pub enum Step {
    Create {
        user: usize,
        room: usize,
        kind: &'static str,
    },
    DeleteRoom {
        user: usize,
        room: usize,
    },
    Clear {
        user: usize,
        room: usize,
    },
    /// Adds somebody, or oneself.
    Add {
        user: usize,
        room: usize,
        other: usize,
    },
    /// Removes somebody, or oneself.
    Remove {
        user: usize,
        room: usize,
        other: usize,
    },
    SetRole {
        user: usize,
        room: usize,
        other: usize,
        role: &'static str,
    },
    Send {
        user: usize,
        room: usize,
        reply: bool,
        mention: usize,
    },
    Edit {
        user: usize,
        message: usize,
    },
    Delete {
        user: usize,
        message: usize,
    },
    React {
        user: usize,
        message: usize,
        emoji: &'static str,
        adds: bool,
    },
    Pin {
        user: usize,
        message: usize,
        pins: bool,
    },
    Read {
        user: usize,
        room: usize,
        behind: i64,
    },
    Disconnect {
        user: usize,
    },
    Reconnect {
        user: usize,
    },
    /// All is looked at and compared.
    Look,
}

pub const USERS: usize = 3;
pub const ROOMS: usize = 2;
/// In place of a user: whoever wrote the message.
pub const AUTHOR: usize = USERS;
/// As far back as messages are changed.
const MESSAGES: usize = 8;

pub fn one() -> impl Strategy<Value = Step> {
    let (user, room, message) = (0..USERS, 0..ROOMS, 0..MESSAGES);
    let someone = prop_oneof![1 => 0..USERS, 1 => Just(AUTHOR)];
    let place = (user.clone(), room.clone());
    let three = (user.clone(), room.clone(), 0..USERS);
    let on = (someone, message);
    let kind = prop::sample::select(vec!["public", "private", "announcement"]);
    let role = prop::sample::select(vec!["owner", "moderator", "member", "read_only"]);
    let emoji = prop::sample::select(vec!["a", "b"]);
    prop_oneof![
        6 => (place.clone(), kind).prop_map(|((user, room), kind)| Step::Create { user, room, kind }),
        1 => place.clone().prop_map(|(user, room)| Step::DeleteRoom { user, room }),
        1 => place.clone().prop_map(|(user, room)| Step::Clear { user, room }),
        8 => three.clone().prop_map(|(user, room, other)| Step::Add { user, room, other }),
        3 => three.clone().prop_map(|(user, room, other)| Step::Remove { user, room, other }),
        4 => (three, role)
            .prop_map(|((user, room, other), role)| Step::SetRole { user, room, other, role }),
        16 => (place.clone(), any::<bool>(), 0..=USERS)
            .prop_map(|((user, room), reply, mention)| Step::Send { user, room, reply, mention }),
        5 => on.clone().prop_map(|(user, message)| Step::Edit { user, message }),
        3 => on.clone().prop_map(|(user, message)| Step::Delete { user, message }),
        6 => (on.clone(), emoji, any::<bool>()).prop_map(|((user, message), emoji, adds)| {
            Step::React { user, message, emoji, adds }
        }),
        3 => (on, any::<bool>())
            .prop_map(|((user, message), pins)| Step::Pin { user, message, pins }),
        5 => (place, 0..4i64).prop_map(|((user, room), behind)| Step::Read { user, room, behind }),
        3 => user.clone().prop_map(|user| Step::Disconnect { user }),
        5 => user.prop_map(|user| Step::Reconnect { user }),
        1 => Just(Step::Look),
    ]
}
