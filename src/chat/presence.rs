//! Who has gone and may be back at once.

use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use crate::domain::{RoomKey, Status, Timestamp, User, UserKey};

/// A user without a connection, whom others still see as there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Departing {
    pub user: User,
    /// As what others see them.
    pub shown: Status,
    /// Where others see them.
    pub rooms: Vec<RoomKey>,
    pub gone_at: Timestamp,
}

/// The users whose last connection ended a moment ago.
///
/// A page that is loaded again, or a phone that changes its network, is back
/// within seconds: nobody is told of that. Bounded by the connections there
/// were.
#[derive(Default)]
pub(super) struct Departures {
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

    /// Takes out those who have been gone for `grace`.
    pub fn gone(&mut self, now: Instant, grace: Duration) -> Vec<Departing> {
        let is_gone = |_: &UserKey, (since, _): &mut (Instant, Departing)| {
            now.duration_since(*since) >= grace
        };
        let gone =
            self.departing.extract_if(is_gone).map(|(_, (_, departing))| departing).collect();
        if self.departing.capacity() > 4 * self.departing.len() + 64 {
            self.departing.shrink_to_fit();
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UserId;

    const GRACE: Duration = Duration::from_secs(5);

    fn departing(key: i64) -> Departing {
        let user = User { key: UserKey(key), id: UserId::from_stored("u"), name: "U".into() };
        let (rooms, gone_at) = (vec![RoomKey(1)], Timestamp(0));
        Departing { user, shown: Status::Away, rooms, gone_at }
    }

    #[test]
    fn who_is_back_in_time_was_never_gone() {
        let (mut departures, start) = (Departures::default(), Instant::now());
        departures.left(departing(1), start);
        departures.left(departing(2), start);
        assert!(departures.gone(start + GRACE / 2, GRACE).is_empty());
        assert_eq!(departures.is_back(UserKey(1)), Some(Status::Away));
        assert_eq!(departures.is_back(UserKey(1)), None, "only once");
        assert_eq!(departures.gone(start + GRACE, GRACE), [departing(2)]);
        assert!(departures.gone(start + 2 * GRACE, GRACE).is_empty());
    }
}
