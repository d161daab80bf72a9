//! Whether writes go through, as far as is known.

use std::time::Instant;

use parlor_domain::limits::{WRITE_NEWS, WRITE_NEWS_WAITING, WRITE_OVERDUE};
use tokio::sync::oneshot;

use crate::write::batch::Health;

/// The last verdict on whether writes go through, and who waits for the next.
///
/// A batch that goes through is one. A batch that fails is none: it may have
/// been a deadlock, or a connection that had ended. It raises a doubt, which a
/// write that is made to find out settles: where that fails, and fails again in
/// another batch, nothing goes through. Neither makes it nor reads a clock, so
/// its tests need no database.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Nothing is said to go through that never did.
    goes: bool,
    /// When that was found out; `None` in doubt.
    found: Option<Instant>,
    probe: Option<Probing>,
    /// Who waits for the next verdict.
    waiting: Vec<oneshot::Sender<bool>>,
}

/// A write is under way to find out.
#[derive(Debug)]
struct Probing {
    /// Since when nothing else went through.
    since: Instant,
    has_failed: bool,
}

impl News {
    /// The verdict, where it is young enough.
    pub fn known(&self, now: Instant) -> Option<bool> {
        let age = |at: Instant| now.saturating_duration_since(at);
        let is_overdue = self.probe.as_ref().is_some_and(|probe| age(probe.since) >= WRITE_OVERDUE);
        match self.found {
            Some(at) if age(at) < WRITE_NEWS => Some(self.goes),
            _ => is_overdue.then_some(false),
        }
    }

    /// The verdict, however old it is.
    pub fn last(&self) -> bool {
        self.goes
    }

    /// Waits for the next one; `None` where too many do.
    pub fn next(&mut self) -> Option<oneshot::Receiver<bool>> {
        self.waiting.retain(|waiting| !waiting.is_closed());
        if self.waiting.len() >= WRITE_NEWS_WAITING {
            return None;
        }
        let (waiting, next) = oneshot::channel();
        self.waiting.push(waiting);
        Some(next)
    }

    /// Whether a write is to be made now to find out: one at a time.
    pub fn probes(&mut self, now: Instant) -> bool {
        let probes = self.probe.is_none();
        self.probe.get_or_insert(Probing { since: now, has_failed: false });
        probes
    }

    /// That write has ended. Gives whether another one is to be made.
    pub fn probed(&mut self, went: bool, now: Instant) -> bool {
        let Some(probe) = self.probe.take() else { return false };
        if went || probe.has_failed {
            self.settle(went, now);
            return false;
        }
        self.probe = Some(Probing { has_failed: true, ..probe });
        true
    }

    /// A batch has ended.
    pub fn came(&mut self, health: Health, now: Instant) {
        match health {
            Health::Well => {
                self.settle(true, now);
                if let Some(probe) = &mut self.probe {
                    *probe = Probing { since: now, has_failed: false };
                }
            }
            // By chance the next one may go through, and many will not.
            Health::Shared => self.settle(false, now),
            Health::Broken if self.goes => self.found = None,
            // As was known.
            Health::Broken => self.found = self.found.map(|_| now),
        }
    }

    fn settle(&mut self, goes: bool, now: Instant) {
        (self.goes, self.found) = (goes, Some(now));
        for waiting in self.waiting.drain(..) {
            // Who no longer waits needs no answer.
            let _ = waiting.send(goes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Writes went through a moment ago.
    fn well() -> (News, Instant) {
        let (mut news, now) = (News::default(), Instant::now());
        news.came(Health::Well, now);
        (news, now)
    }

    #[test]
    fn nothing_is_known_of_a_database_that_has_not_been_written_to() {
        let (mut news, now) = (News::default(), Instant::now());
        news.came(Health::Broken, now);
        assert_eq!((news.known(now), news.last()), (None, false));
        news.came(Health::Well, now);
        assert_eq!(news.known(now), Some(true));
        assert_eq!(news.known(now + WRITE_NEWS), None, "it has become old");
    }

    #[test]
    fn what_fails_raises_a_doubt_and_a_write_made_twice_settles_it() {
        let (mut news, now) = well();
        news.came(Health::Broken, now);
        assert_eq!((news.known(now), news.last()), (None, true));
        assert_eq!([news.probes(now), news.probes(now)], [true, false], "one at a time");
        let mut next = news.next().expect("a place");
        assert!(news.probed(false, now), "once more");
        assert_eq!(news.known(now), None);
        assert!(next.try_recv().is_err());
        assert!(!news.probed(false, now));
        assert_eq!((news.known(now), next.try_recv()), (Some(false), Ok(false)));
        // That stays so for as long as it is so.
        let later = now + WRITE_NEWS / 2;
        news.came(Health::Broken, later);
        assert_eq!(news.known(now + WRITE_NEWS), Some(false));
        assert_eq!(news.known(later + WRITE_NEWS), None);
        assert!(news.probes(later + WRITE_NEWS), "another one");
        assert!(!news.probed(true, later + WRITE_NEWS));
        assert_eq!(news.known(later + WRITE_NEWS), Some(true));
    }

    #[test]
    fn one_that_goes_through_meanwhile_is_as_good() {
        let (mut news, now) = well();
        news.came(Health::Broken, now);
        assert!(news.probes(now) && news.probed(false, now));
        news.came(Health::Well, now);
        assert_eq!(news.known(now), Some(true));
        assert!(news.probed(false, now), "it failed once since");
    }

    #[test]
    fn a_session_that_is_not_ones_own_is_the_verdict() {
        let (mut news, now) = well();
        let mut next = news.next().expect("a place");
        news.came(Health::Shared, now);
        assert_eq!((news.known(now), next.try_recv()), (Some(false), Ok(false)));
    }

    #[test]
    fn what_is_overdue_does_not_go_through() {
        let (mut news, now) = well();
        news.came(Health::Broken, now);
        assert!(news.probes(now));
        assert_eq!(news.known(now + WRITE_OVERDUE - Duration::from_millis(1)), None);
        assert_eq!(news.known(now + WRITE_OVERDUE), Some(false));
        assert!(news.probed(false, now + WRITE_OVERDUE));
        assert_eq!(news.known(now + WRITE_OVERDUE), Some(false), "the next one takes as long");
        news.came(Health::Well, now + WRITE_OVERDUE);
        assert_eq!(news.known(now + WRITE_OVERDUE), Some(true));
        assert_eq!(news.known(now + WRITE_OVERDUE + WRITE_NEWS), None);
    }

    #[test]
    fn so_many_wait_and_whoever_has_gone_makes_room() {
        let mut news = News::default();
        let waiting: Vec<_> = (0..WRITE_NEWS_WAITING).map_while(|_| news.next()).collect();
        assert_eq!((waiting.len(), news.next().is_some()), (WRITE_NEWS_WAITING, false));
        drop(waiting);
        assert!(news.next().is_some());
    }
}
