//! What is done of a note when it is due.

use crate::db::DuePush;
use parlor_domain::{QuietTime, Seq, Timestamp};

/// A quiet time that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quiet {
    pub time: QuietTime,
    pub over_at: Timestamp,
}

/// What is done of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// The newest message is shown.
    Show,
    /// What is shown is taken away.
    TakeAway,
    /// Nothing is shown before the end of this.
    Wait(Quiet),
    Nothing,
}

impl Task {
    /// By where the newest message is that the user wants to be told of, and whether it is
    /// quiet.
    pub fn of(due: &DuePush, newest: Option<Seq>, quiet: Option<Quiet>) -> Self {
        let is_news = newest.is_some_and(|newest| {
            newest >= due.first && due.shown.is_none_or(|shown| newest > shown)
        });
        match quiet {
            None if is_news => Self::Show,
            _ if due.is_over => Self::TakeAway,
            Some(quiet) if is_news => Self::Wait(quiet),
            _ => Self::Nothing,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use parlor_domain::{DeviceId, RoomId, RoomKey, TimeOfDay, UserKey};

    use super::*;
    use crate::db::PushPlace;

    pub fn due(first: i64, shown: Option<i64>, is_over: bool) -> DuePush {
        let (user, device, room) = (UserKey(1), DeviceId::from_stored("phone"), RoomKey(2));
        DuePush {
            place: PushPlace { user, device, room, thread: None },
            lane: "fcm".to_owned(),
            address: None,
            room: RoomId::from_stored("r"),
            first: Seq(first),
            last: Seq(9),
            attempts: 0,
            shown: shown.map(Seq),
            is_over,
            badge: None,
        }
    }

    #[test]
    fn only_what_is_new_is_shown_and_what_was_read_is_taken_away() {
        let [from, until] = [0, 60].map(TimeOfDay::from_stored);
        let time = QuietTime { from, until, utc_offset_minutes: 0 };
        let quiet = Quiet { time, over_at: Timestamp(7) };
        for (first, shown, is_over, newest, is_quiet, task) in [
            (5, None, false, Some(9), None, Task::Show),
            (5, None, false, Some(4), None, Task::Nothing),
            (5, None, false, None, None, Task::Nothing),
            (5, Some(4), false, Some(9), None, Task::Show),
            // The look was made again after a crash.
            (5, Some(9), false, Some(9), None, Task::Nothing),
            (5, Some(4), true, None, None, Task::TakeAway),
            (5, Some(4), true, Some(9), None, Task::Show),
            (5, None, false, Some(9), Some(quiet), Task::Wait(quiet)),
            (5, Some(4), true, Some(9), Some(quiet), Task::TakeAway),
            (5, Some(4), false, None, Some(quiet), Task::Nothing),
        ] {
            let due = due(first, shown, is_over);
            assert_eq!(Task::of(&due, newest.map(Seq), is_quiet), task, "{due:?} {newest:?}");
        }
    }
}
