//! Limits on how much one user or address may hold at a time: connections,
//! sockets without a token, unread bytes.

use std::{
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use rustc_hash::FxHashMap;

/// What each holder has, up to the same limit for all. A holder of nothing
/// takes no memory.
#[derive(Clone)]
pub struct Places<K: Eq + Hash>(Arc<Inner<K>>);

struct Inner<K> {
    /// 0: no limit.
    most: usize,
    held: Mutex<FxHashMap<K, usize>>,
}

/// Something held; returned when dropped.
pub struct Place<K: Eq + Hash> {
    places: Places<K>,
    key: K,
    count: usize,
}

impl<K: Eq + Hash + Clone> Places<K> {
    /// `most` for each; 0: no limit.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Inner { most, held: Mutex::default() }))
    }

    /// Takes `count` more for `key`, or nothing. A holder of nothing may always
    /// take one thing, however large.
    pub fn take(&self, key: K, count: usize) -> Option<Place<K>> {
        self.take_within(key, count, self.0.most)
    }

    /// The same, where less than the bound is left for each.
    pub fn take_within(&self, key: K, count: usize, most: usize) -> Option<Place<K>> {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        let before = held.get(&key).copied().unwrap_or(0);
        let after = before.saturating_add(count);
        if before > 0 && self.0.most > 0 && after > most.min(self.0.most) {
            return None;
        }
        held.insert(key.clone(), after);
        Some(Place { places: self.clone(), key, count })
    }

    /// What `key` holds now.
    pub fn held(&self, key: &K) -> usize {
        let held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(key).copied().unwrap_or(0)
    }

    #[cfg(test)]
    fn keys(&self) -> usize {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut held = self.places.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = held.get_mut(&self.key) else { return };
        *count = count.saturating_sub(self.count);
        if *count == 0 {
            held.remove(&self.key);
            // After a flood the map need not stay as large as it was.
            if held.capacity() > 1_024 && held.len() < held.capacity() / 8 {
                held.shrink_to_fit();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_as_much_as_the_others_and_gets_it_back() {
        let places = Places::new(3);
        let first = places.take("a", 2).expect("a place");
        let _second = places.take("a", 1).expect("the last one");
        assert!(places.take("a", 1).is_none());
        assert!(places.take("b", 3).is_some(), "another has its own");
        drop(first);
        assert!(places.take("a", 3).is_none());
        assert!(places.take("a", 2).is_some());
    }

    #[test]
    fn one_may_be_given_less_than_the_bound_and_never_more() {
        let places = Places::new(5);
        let _first = places.take_within("a", 2, 1).expect("nothing else is held");
        assert!(places.take_within("a", 1, 2).is_none());
        let _second = places.take_within("a", 1, 3).expect("it fits");
        assert_eq!((places.held(&"a"), places.held(&"b")), (3, 0));
        assert!(places.take_within("a", 3, 10).is_none());
    }

    #[test]
    fn one_thing_may_be_larger_than_the_bound() {
        let places = Places::new(3);
        let large = places.take("a", 10).expect("nothing else is held");
        assert!(places.take("a", 1).is_none());
        drop(large);
        assert_eq!(places.keys(), 0, "who holds nothing takes no memory");
        let without = Places::new(0);
        let _all: Vec<_> = (0..100).map(|_| without.take("a", 1).expect("no bound")).collect();
    }
}
