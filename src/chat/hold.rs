//! Requests that wait until it is settled how their user stands in a room.

use rustc_hash::FxHashMap;

use super::Request;
use crate::db::Ticket;
use parlor_domain::{RoomKey, UserKey};

/// A user in a room.
pub(super) type Place = (UserKey, RoomKey);

/// The changes of members that the database has not settled yet, and what
/// those members ask meanwhile.
///
/// What a member may do is decided from memory, which knows of a removal or a
/// mute when it has committed. A message sent in between would be stored
/// behind it. So the requests of that member wait, and are then decided by
/// what came of the change.
///
/// Bounded by the writes in flight, and by the requests of a session that
/// may be unanswered.
#[derive(Default)]
pub(super) struct Holds {
    changes: FxHashMap<Ticket, Place>,
    places: FxHashMap<Place, Held>,
}

#[derive(Default)]
struct Held {
    changes: usize,
    requests: Vec<Request>,
}

impl Holds {
    /// A change is on its way to the database.
    pub fn begin(&mut self, change: Ticket, place: Place) {
        self.changes.insert(change, place);
        self.places.entry(place).or_default().changes += 1;
    }

    /// Keeps a request for later; gives back one that need not wait.
    pub fn keep(&mut self, place: Place, request: Request) -> Option<Request> {
        if self.places.is_empty() {
            return Some(request);
        }
        match self.places.get_mut(&place) {
            Some(held) => {
                held.requests.push(request);
                None
            }
            None => Some(request),
        }
    }

    /// A write is settled. If it was the last change of a member, gives what
    /// that member has asked meanwhile, in order.
    pub fn end(&mut self, change: Ticket) -> Vec<Request> {
        let Some(place) = self.changes.remove(&change) else { return Vec::new() };
        let Some(held) = self.places.get_mut(&place) else { return Vec::new() };
        held.changes -= 1;
        if held.changes > 0 {
            return Vec::new();
        }
        self.places.remove(&place).map_or_else(Vec::new, |held| held.requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::{Requester, server::nobody},
        operations::subscribe::Unsubscribe,
    };
    use parlor_domain::{RoomId, User, UserId};

    const HERE: Place = (UserKey(1), RoomKey(1));
    const ELSEWHERE: Place = (UserKey(1), RoomKey(2));

    fn request(room: &str) -> Request {
        let user = User { key: UserKey(1), id: UserId::from_stored("ann"), name: "Ann".into() };
        let from = Requester { user, is_admin: false, is_service: false };
        let data = serde_json::json!({"room_id": room});
        let operation: Unsubscribe = serde_json::from_value(data).expect("a good request");
        Request::new(from, operation, nobody())
    }

    fn rooms(requests: &[Request]) -> Vec<&str> {
        requests.iter().filter_map(|request| request.what.room()).map(RoomId::as_str).collect()
    }

    #[test]
    fn a_request_waits_for_the_last_change_of_its_user_in_its_room() {
        let mut holds = Holds::default();
        assert!(holds.keep(HERE, request("a")).is_some(), "nothing is changing");
        holds.begin(Ticket(1), HERE);
        holds.begin(Ticket(2), HERE);
        assert!(holds.keep(HERE, request("a")).is_none());
        assert!(holds.keep(HERE, request("b")).is_none());
        assert!(holds.keep(ELSEWHERE, request("c")).is_some());
        assert!(holds.end(Ticket(9)).is_empty(), "another write");
        assert!(holds.end(Ticket(1)).is_empty(), "one is left");
        assert_eq!(rooms(&holds.end(Ticket(2))), ["a", "b"]);
        assert!(holds.keep(HERE, request("a")).is_some());
        assert!(holds.changes.is_empty() && holds.places.is_empty());
    }
}
