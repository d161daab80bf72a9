//! Fair sharing of a limited number of places between users.
//!
//! One user may have only a part of the places. A request that finds none is
//! refused at once, or waits in a bounded queue; a place that becomes free goes
//! to the waiting user who has the fewest. So a user who asks for a lot only
//! delays themselves.

use std::{
    collections::VecDeque,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustc_hash::FxHashMap;
use tokio::sync::oneshot;

/// The sizes of the shares.
#[derive(Clone, Copy, Debug)]
pub struct Shares {
    pub places: usize,
    /// At most this many per user.
    pub each: usize,
    /// How many may wait, in all and per user.
    pub waiting: usize,
    pub waiting_each: usize,
    /// For at most this long.
    pub queue_timeout: Duration,
}

/// Why there was no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTurn {
    /// The user has used up their share.
    Own,
    /// All places are taken.
    Full,
}

/// The places; clones share them.
pub struct Turns<K: Copy + Eq + Hash> {
    shares: Shares,
    state: Arc<Mutex<State<K>>>,
}

impl<K: Copy + Eq + Hash> Clone for Turns<K> {
    fn clone(&self) -> Self {
        Self { shares: self.shares, state: self.state.clone() }
    }
}

struct State<K: Copy + Eq + Hash> {
    free: usize,
    held: FxHashMap<K, usize>,
    waiting: VecDeque<(K, oneshot::Sender<Turn<K>>)>,
}

/// A place; dropping it passes it to the next one waiting.
pub struct Turn<K: Copy + Eq + Hash> {
    of: K,
    turns: Turns<K>,
}

impl<K: Copy + Eq + Hash> Turns<K> {
    pub fn new(shares: Shares) -> Self {
        let state =
            State { free: shares.places, held: FxHashMap::default(), waiting: VecDeque::new() };
        Self { shares, state: Arc::new(Mutex::new(state)) }
    }

    fn lock(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, of: K) -> Turn<K> {
        Turn { of, turns: self.clone() }
    }

    /// Takes a place, or waits for one.
    ///
    /// # Errors
    /// If there is none, and no place in the line or none in time.
    pub async fn enter(&self, of: K) -> Result<Turn<K>, NoTurn> {
        let (why, coming) = {
            let mut state = self.lock();
            let why = match state.may_take(of, self.shares.each) {
                Ok(()) => {
                    state.take(of);
                    return Ok(self.turn(of));
                }
                Err(why) => why,
            };
            (why, state.wait(of, self.shares).ok_or(why)?)
        };
        match tokio::time::timeout(self.shares.queue_timeout, coming).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(why),
        }
    }

    fn leave(&self, of: K) {
        let next = {
            let mut state = self.lock();
            state.give_back(of);
            state.next(self.shares.each)
        };
        if let Some((of, next)) = next {
            // Who no longer waits drops it, which goes on with the next one.
            drop(next.send(self.turn(of)));
        }
    }
}

impl<K: Copy + Eq + Hash> State<K> {
    fn held_by(&self, of: K) -> usize {
        self.held.get(&of).copied().unwrap_or(0)
    }

    fn may_take(&self, of: K, each: usize) -> Result<(), NoTurn> {
        if self.held_by(of) >= each {
            Err(NoTurn::Own)
        } else if self.free == 0 {
            Err(NoTurn::Full)
        } else {
            Ok(())
        }
    }

    fn take(&mut self, of: K) {
        self.free -= 1;
        *self.held.entry(of).or_default() += 1;
    }

    fn give_back(&mut self, of: K) {
        self.free += 1;
        if let Some(held) = self.held.get_mut(&of) {
            *held -= 1;
            if *held == 0 {
                self.held.remove(&of);
            }
        }
    }

    /// A place in the line; `None` if it is too long.
    fn wait(&mut self, of: K, shares: Shares) -> Option<oneshot::Receiver<Turn<K>>> {
        self.waiting.retain(|(_, waiting)| !waiting.is_closed());
        let own = self.waiting.iter().filter(|(waiting, _)| *waiting == of).count();
        if self.waiting.len() >= shares.waiting || own >= shares.waiting_each {
            return None;
        }
        let (turn, coming) = oneshot::channel();
        self.waiting.push_back((of, turn));
        Some(coming)
    }

    /// Takes a place for the one waiting who has the fewest, the first of
    /// several.
    fn next(&mut self, each: usize) -> Option<(K, oneshot::Sender<Turn<K>>)> {
        self.waiting.retain(|(_, waiting)| !waiting.is_closed());
        if self.free == 0 {
            return None;
        }
        let held = self.waiting.iter().map(|(of, _)| self.held_by(*of)).enumerate();
        let (at, _) = held.filter(|(_, held)| *held < each).min_by_key(|(_, held)| *held)?;
        let (of, next) = self.waiting.remove(at)?;
        self.take(of);
        Some((of, next))
    }
}

impl<K: Copy + Eq + Hash> Drop for Turn<K> {
    fn drop(&mut self) {
        self.turns.leave(self.of);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(waiting: usize) -> Turns<char> {
        let queue_timeout = Duration::from_secs(60);
        Turns::new(Shares { places: 3, each: 2, waiting, waiting_each: 2, queue_timeout })
    }

    #[tokio::test]
    async fn one_user_has_a_part_and_the_rest_is_for_others() {
        let turns = turns(0);
        let one = turns.enter('a').await.ok();
        let two = turns.enter('a').await.ok();
        assert!(one.is_some() && two.is_some());
        assert_eq!(turns.enter('a').await.err(), Some(NoTurn::Own));
        let _three = turns.enter('b').await.expect("a place");
        assert_eq!(turns.enter('c').await.err(), Some(NoTurn::Full));
        drop(one);
        assert!(turns.enter('c').await.is_ok());
    }

    #[tokio::test]
    async fn a_place_goes_to_who_has_the_fewest() {
        let turns = turns(9);
        let mut held = Vec::new();
        for of in ['a', 'a', 'b'] {
            held.push(turns.enter(of).await.expect("a place"));
        }
        let wait = |of| {
            let turns = turns.clone();
            tokio::spawn(async move { turns.enter(of).await.ok() })
        };
        // Those of `a` were first.
        let (first, second) = (wait('a'), wait('a'));
        tokio::task::yield_now().await;
        let other = wait('c');
        tokio::task::yield_now().await;
        assert_eq!(turns.enter('a').await.err(), Some(NoTurn::Own), "the line is full for one");
        drop(held.pop());
        let other = other.await.expect("it ends").expect("a place");
        assert!(!first.is_finished() && !second.is_finished());
        // Who has gone is passed over.
        first.abort();
        assert!(first.await.is_err());
        drop(held.pop());
        drop(other);
        assert!(second.await.expect("it ends").is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever_and_no_place_is_lost() {
        let turns = turns(9);
        let held = [turns.enter('a').await.ok(), turns.enter('a').await.ok()];
        assert_eq!(turns.enter('a').await.err(), Some(NoTurn::Own));
        drop(held);
        assert_eq!(turns.lock().free, 3);
        assert!(turns.lock().held.is_empty());
    }
}
