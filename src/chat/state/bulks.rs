//! Changes of many members, which are carried out one at a time: each takes as long
//! as many small ones, which would have to wait for all that came together.

use std::collections::VecDeque;

use parlor_domain::{
    UserKey,
    limits::{BULK_WAITING, BULK_WAITING_EACH},
};

/// Those that wait, in the order in which they came.
pub struct Bulks<B> {
    is_busy: bool,
    waiting: VecDeque<(UserKey, B)>,
}

impl<B> Default for Bulks<B> {
    fn default() -> Self {
        Self { is_busy: false, waiting: VecDeque::new() }
    }
}

impl<B> Bulks<B> {
    /// Whether one more of a user may wait.
    pub fn has_place(&self, user: UserKey) -> bool {
        let own = self.waiting.iter().filter(|(other, _)| *other == user).count();
        own < BULK_WAITING_EACH && self.waiting.len() < BULK_WAITING
    }

    /// Keeps one that has to wait; gives back one whose turn it is.
    pub fn enter(&mut self, user: UserKey, bulk: B) -> Option<B> {
        if !self.is_busy {
            self.is_busy = true;
            return Some(bulk);
        }
        self.waiting.push_back((user, bulk));
        None
    }

    /// The one under way is done; gives the next one.
    pub fn done(&mut self) -> Option<B> {
        let next = self.waiting.pop_front().map(|(_, bulk)| bulk);
        self.is_busy = next.is_some();
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_carried_out_at_a_time_in_the_order_in_which_they_came() {
        let mut bulks = Bulks::default();
        assert_eq!(bulks.enter(UserKey(1), 'a'), Some('a'));
        assert_eq!((bulks.enter(UserKey(1), 'b'), bulks.enter(UserKey(2), 'c')), (None, None));
        assert_eq!((bulks.done(), bulks.done(), bulks.done()), (Some('b'), Some('c'), None));
        assert_eq!(bulks.enter(UserKey(2), 'd'), Some('d'), "nobody is in the way");
    }

    #[test]
    fn one_user_does_not_take_the_places_of_others() {
        let mut bulks = Bulks::default();
        bulks.enter(UserKey(1), ());
        for _ in 0..BULK_WAITING_EACH {
            assert!(bulks.has_place(UserKey(1)));
            assert_eq!(bulks.enter(UserKey(1), ()), None);
        }
        assert!(!bulks.has_place(UserKey(1)));
        for user in (2..).take(BULK_WAITING - BULK_WAITING_EACH) {
            assert!(bulks.has_place(UserKey(user)));
            bulks.enter(UserKey(user), ());
        }
        assert!(!bulks.has_place(UserKey(1_000)), "all of them are taken");
    }
}
