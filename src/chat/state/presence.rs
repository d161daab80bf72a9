//! Who has gone and may be back at once.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use rustc_hash::{FxHashMap, FxHashSet};

use parlor_domain::{
    RoomKey, Status, Timestamp, User, UserKey,
    limits::{ARRIVALS_WAITING, ERASED_KEPT, PRESENCE_BURST, PRESENCE_PACE},
};

/// A user without a connection, whom others still see as there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departing {
    pub user: User,
    /// As what others see them.
    pub shown: Status,
    /// Where others see them.
    pub rooms: Vec<RoomKey>,
    /// Who is not told: those whom the user has blocked.
    pub blocked: Arc<[UserKey]>,
    pub gone_at: Timestamp,
}

/// The users whose last connection ended a moment ago.
///
/// A page that is loaded again, or a phone that changes its network, is back
/// within seconds: nobody is told of that. Bounded by the connections there
/// were.
#[derive(Default)]
pub struct Departures {
    departing: FxHashMap<UserKey, (Instant, Departing)>,
}

impl Departures {
    pub fn left(&mut self, departing: Departing, now: Instant) {
        self.departing.insert(departing.user.key, (now, departing));
    }

    /// The user is back; says as what others go on to see them, if they never
    /// noticed.
    pub fn is_back(&mut self, user: UserKey) -> Option<Status> {
        self.departing.remove(&user).map(|(_, departing)| departing.shown)
    }

    /// As what others still see the user, if they do.
    pub fn shown(&self, user: UserKey) -> Option<Status> {
        self.departing.get(&user).map(|(_, departing)| departing.shown)
    }

    /// The user has been added to a room meanwhile.
    pub fn joined(&mut self, user: UserKey, room: RoomKey) {
        if let Some((_, departing)) = self.departing.get_mut(&user) {
            departing.rooms.push(room);
        }
    }

    /// The user is no member of a room any more: it hears nothing of them.
    pub fn left_room(&mut self, user: UserKey, room: RoomKey) {
        if let Some((_, departing)) = self.departing.get_mut(&user) {
            departing.rooms.retain(|other| *other != room);
        }
    }

    pub fn all(&self) -> impl Iterator<Item = &Departing> {
        self.departing.values().map(|(_, departing)| departing)
    }

    /// Takes out those who have been gone for `grace`, but for those who are
    /// `connecting` again at this moment.
    pub fn gone(
        &mut self,
        now: Instant,
        grace: Duration,
        connecting: impl Fn(UserKey) -> bool,
    ) -> Vec<Departing> {
        let is_gone = |user: &UserKey, (since, _): &mut (Instant, Departing)| {
            now.duration_since(*since) >= grace && !connecting(*user)
        };
        let gone =
            self.departing.extract_if(is_gone).map(|(_, (_, departing))| departing).collect();
        if self.departing.capacity() > 4 * self.departing.len() + 64 {
            self.departing.shrink_to_fit();
        }
        gone
    }
}

/// How often others are told of one user: each time all who share a room are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// When all that was told would be paid for.
    paid_at: Option<Instant>,
}

impl Pace {
    /// Counts what is told, if it may be.
    pub fn may_tell(&mut self, now: Instant) -> bool {
        let paid_at = self.paid_at.map_or(now, |at| at.max(now));
        let paid_at = paid_at + PRESENCE_PACE;
        if paid_at.duration_since(now) > PRESENCE_PACE * PRESENCE_BURST {
            return false;
        }
        self.paid_at = Some(paid_at);
        true
    }
}

/// A user has come or gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub user: UserKey,
    pub online: bool,
    pub at: Timestamp,
}

/// Who has come and gone and is still to be written down, in order.
#[derive(Default)]
pub struct Arrivals {
    waiting: VecDeque<Arrival>,
}

impl Arrivals {
    /// Where too many wait, the oldest is left out: what is newest of a user
    /// counts.
    pub fn note(&mut self, user: UserKey, online: bool, at: Timestamp) {
        if self.waiting.len() >= ARRIVALS_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Arrival { user, online, at });
    }

    /// Takes out the oldest ones.
    pub fn take(&mut self, most: usize) -> Vec<Arrival> {
        let taken = self.waiting.drain(..most.min(self.waiting.len())).collect();
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
        taken
    }
}

/// The users that were deleted lately: what they asked before, and a session
/// of theirs that is only now announced, must not bring them back.
#[derive(Default)]
pub struct Erased(FxHashSet<UserKey>);

impl Erased {
    pub fn insert(&mut self, user: UserKey) {
        // What was on its way has long arrived.
        if self.0.len() >= ERASED_KEPT {
            self.0.clear();
        }
        self.0.insert(user);
    }

    pub fn contains(&self, user: UserKey) -> bool {
        !self.0.is_empty() && self.0.contains(&user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_told_of_a_few_times_at_once_and_then_once_in_a_while() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        for _ in 0..PRESENCE_BURST {
            assert!(pace.may_tell(start));
        }
        assert!(!pace.may_tell(start) && !pace.may_tell(start + PRESENCE_PACE / 2));
        assert!(pace.may_tell(start + PRESENCE_PACE));
        assert!(!pace.may_tell(start + PRESENCE_PACE));
    }
    use parlor_domain::UserId;

    const GRACE: Duration = Duration::from_secs(5);

    fn departing(key: i64) -> Departing {
        let id = UserId::from_stored("u");
        let user = User { key: UserKey(key), id, name: "U".into(), avatar: None };
        let (rooms, gone_at) = (vec![RoomKey(1)], Timestamp(0));
        Departing { user, shown: Status::Away, rooms, blocked: Arc::default(), gone_at }
    }

    fn nobody(_: UserKey) -> bool {
        false
    }

    #[test]
    fn who_is_back_in_time_was_never_gone() {
        let (mut departures, start) = (Departures::default(), Instant::now());
        departures.left(departing(1), start);
        departures.left(departing(2), start);
        assert!(departures.gone(start + GRACE / 2, GRACE, nobody).is_empty());
        assert_eq!(departures.is_back(UserKey(1)), Some(Status::Away));
        assert_eq!(departures.is_back(UserKey(1)), None, "only once");
        assert_eq!(departures.gone(start + GRACE, GRACE, nobody), [departing(2)]);
        assert!(departures.gone(start + 2 * GRACE, GRACE, nobody).is_empty());
    }

    #[test]
    fn who_is_on_the_way_back_is_not_gone_yet() {
        let (mut departures, start) = (Departures::default(), Instant::now());
        departures.left(departing(1), start);
        let late = start + 2 * GRACE;
        assert!(departures.gone(late, GRACE, |user| user == UserKey(1)).is_empty());
        assert_eq!(departures.gone(late, GRACE, nobody).len(), 1, "it came to nothing");
    }

    #[test]
    fn rooms_come_and_go_also_for_who_is_away() {
        let (mut departures, start) = (Departures::default(), Instant::now());
        departures.left(departing(1), start);
        departures.joined(UserKey(1), RoomKey(2));
        departures.left_room(UserKey(1), RoomKey(1));
        let gone = departures.gone(start + GRACE, GRACE, nobody);
        assert_eq!(gone[0].rooms, [RoomKey(2)]);
    }

    #[test]
    fn what_is_to_be_written_down_is_taken_in_order_and_bounded() {
        let mut arrivals = Arrivals::default();
        for key in 0..=ARRIVALS_WAITING {
            arrivals.note(UserKey(key as i64), true, Timestamp(0));
        }
        let keys: Vec<i64> = arrivals.take(2).iter().map(|arrival| arrival.user.0).collect();
        assert_eq!(keys, [1, 2], "the oldest was left out");
        assert_eq!(arrivals.take(usize::MAX).len(), ARRIVALS_WAITING - 2);
        assert!(arrivals.take(1).is_empty());
    }
}
