//! What is known of how much is unread, so that it is not counted again.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use parlor_domain::{
    RoomKey, Seq, UserKey,
    limits::{COUNTS_AT_ONCE, UNREAD_KNOWN},
};

/// What is unread in a room lies between two positions. Whatever may change
/// it takes a position too, so what was counted between the same two is as
/// it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub room: RoomKey,
    /// Up to here it was read, or is gone.
    pub after: Seq,
    pub head: Seq,
}

impl Span {
    /// So many messages at the most.
    pub fn len(self) -> i64 {
        (self.head.0 - self.after.0).max(0)
    }

    /// Whether it is less to look at what has changed than to count anew.
    /// What lies before `floor` may be gone.
    pub fn follows(self, known: Span, floor: Seq) -> bool {
        let is_later = known.after <= self.after && self.after <= known.head;
        let changed = (self.after.0 - known.after.0) + (self.head.0 - known.head.0);
        is_later && known.head <= self.head && floor <= known.after && changed < self.len()
    }
}

/// What was counted in a span, without the reader's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub span: Span,
    pub created: i64,
    /// Those of them that are tombstones, or were posted silently.
    pub uncounted: i64,
    /// Those of them that mean the reader.
    pub mentions: i64,
}

impl Counted {
    pub fn unread(&self) -> i64 {
        self.created - self.uncounted
    }
}

/// Shared by all who read.
pub(super) struct Counts {
    known: Mutex<Known>,
    turns: Mutex<FxHashMap<UserKey, Arc<tokio::sync::Mutex<()>>>>,
    places: Arc<Semaphore>,
}

impl Default for Counts {
    fn default() -> Self {
        let places = Arc::new(Semaphore::new(COUNTS_AT_ONCE));
        Self { known: Mutex::default(), turns: Mutex::default(), places }
    }
}

impl Counts {
    /// What was counted last for a user, of each of these rooms.
    pub fn of(&self, user: UserKey, spans: &[Span]) -> Vec<Option<Counted>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        spans.iter().map(|span| known.get((user, span.room))).collect()
    }

    pub fn keep(&self, user: UserKey, counted: impl IntoIterator<Item = Counted>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        counted.into_iter().for_each(|one| known.keep((user, one.span.room), one));
    }

    /// Waits for a place to count much; a user has one at a time.
    pub async fn turn(self: &Arc<Self>, user: UserKey) -> Turn {
        let own = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.entry(user).or_default().clone()
        };
        let own = Some(own.lock_owned().await);
        let place = self.places.clone().acquire_owned().await.ok();
        Turn { user, counts: self.clone(), own, _place: place }
    }
}

/// A place to count much.
pub(super) struct Turn {
    user: UserKey,
    counts: Arc<Counts>,
    own: Option<OwnedMutexGuard<()>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Drop for Turn {
    /// Who was the last to wait leaves nothing behind.
    fn drop(&mut self) {
        let mut turns = self.counts.turns.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.own.take());
        if turns.get(&self.user).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            turns.remove(&self.user);
        }
    }
}

type Key = (UserKey, RoomKey);

/// Two halves: when the younger one is full it becomes the older one, and
/// what was not asked for meanwhile goes.
#[derive(Default)]
struct Known {
    young: FxHashMap<Key, Counted>,
    old: FxHashMap<Key, Counted>,
}

impl Known {
    fn get(&mut self, key: Key) -> Option<Counted> {
        if let Some(counted) = self.young.get(&key) {
            return Some(*counted);
        }
        let counted = self.old.remove(&key)?;
        self.keep(key, counted);
        Some(counted)
    }

    fn keep(&mut self, key: Key, counted: Counted) {
        if self.young.len() >= UNREAD_KNOWN / 2 && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, counted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(after: i64, head: i64) -> Span {
        Span { room: RoomKey(1), after: Seq(after), head: Seq(head) }
    }

    fn counted(room: i64) -> Counted {
        let span = Span { room: RoomKey(room), ..span(0, 9) };
        Counted { span, created: 5, uncounted: 1, mentions: 2 }
    }

    #[test]
    fn a_count_is_brought_forward_where_that_is_less_and_all_of_it_is_there() {
        let known = span(100, 1_000);
        assert!(span(100, 1_010).follows(known, Seq(0)));
        assert!(span(120, 1_010).follows(known, Seq(100)));
        assert!(!span(120, 1_010).follows(known, Seq(101)), "some of it may be gone");
        assert!(!span(900, 1_010).follows(known, Seq(0)), "what is left is less");
        assert!(!span(1_001, 1_010).follows(known, Seq(0)));
        assert!(!span(100, 990).follows(known, Seq(0)), "another room's, or an older read");
        assert!(!span(90, 1_010).follows(known, Seq(0)));
    }

    #[test]
    fn what_is_not_asked_for_goes_when_there_is_no_room() {
        let (mut known, ann) = (Known::default(), UserKey(1));
        let most = i64::try_from(UNREAD_KNOWN / 2).expect("it is small");
        for room in 0..=most {
            known.keep((ann, RoomKey(room)), counted(room));
        }
        assert_eq!((known.young.len(), known.old.len()), (1, UNREAD_KNOWN / 2));
        assert_eq!(known.get((ann, RoomKey(7))), Some(counted(7)));
        for room in 0..most {
            known.keep((UserKey(2), RoomKey(room)), counted(room));
        }
        assert_eq!(known.get((ann, RoomKey(7))), Some(counted(7)), "it was asked for");
        assert_eq!(known.get((ann, RoomKey(8))), None);
    }

    #[actix::test]
    async fn a_user_counts_once_at_a_time_and_leaves_nothing_behind() {
        let counts = Arc::new(Counts::default());
        let first = counts.turn(UserKey(1)).await;
        let own = tokio::time::timeout(std::time::Duration::ZERO, counts.turn(UserKey(1)));
        assert!(own.await.is_err(), "the same user waits");
        drop(counts.turn(UserKey(2)).await);
        drop(first);
        drop(counts.turn(UserKey(1)).await);
        assert!(counts.turns.lock().expect("not poisoned").is_empty());
    }
}
