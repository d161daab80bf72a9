//! Hints that were received lately.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

/// Remembers a bounded number of numbers, the newest ones.
#[derive(Debug)]
pub(super) struct Recent {
    known: FxHashSet<u64>,
    order: VecDeque<u64>,
    most: usize,
}

impl Recent {
    pub fn new(most: usize) -> Self {
        Self { known: FxHashSet::default(), order: VecDeque::new(), most }
    }

    /// Says whether it is new.
    pub fn is_new(&mut self, number: u64) -> bool {
        if !self.known.insert(number) {
            return false;
        }
        self.order.push_back(number);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_new_once_until_it_is_forgotten() {
        let mut recent = Recent::new(2);
        assert!(recent.is_new(1) && recent.is_new(2) && !recent.is_new(1));
        assert!(recent.is_new(3) && recent.is_new(1));
        assert_eq!((recent.known.len(), recent.order.len()), (2, 2));
    }
}
