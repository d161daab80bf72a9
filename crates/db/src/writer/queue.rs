//! Which writes become the next transaction, and when one begins beside those
//! that run.

use std::{collections::VecDeque, time::Instant};

use parlor_domain::limits::{BATCH_WRITES, LANE_WRITES};
use rustc_hash::{FxHashMap, FxHashSet};

use super::distance::Distance;
use crate::write::Order;

/// Writes that wait for a transaction. Nothing is looked at twice, however much
/// waits for one room.
#[derive(Debug)]
pub(super) struct Queue<T> {
    /// Transactions that may run at once.
    lanes: usize,
    /// What waits for no running transaction, in the order in which it came.
    ready: VecDeque<(Order, T)>,
    /// What waits for a running one of the same order.
    behind: FxHashMap<Order, VecDeque<T>>,
    running: Vec<Batch>,
    /// The orders of the running ones.
    taken: FxHashSet<Order>,
    begun: u64,
    distance: Distance,
}

/// A transaction that runs.
#[derive(Debug)]
struct Batch {
    id: BatchId,
    began: Instant,
    orders: Vec<Order>,
}

/// Which transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BatchId(u64);

impl<T> Queue<T> {
    pub fn new(lanes: usize) -> Self {
        let (ready, running, begun) = (VecDeque::new(), Vec::new(), 0);
        let (behind, taken) = (FxHashMap::default(), FxHashSet::default());
        Self { lanes, ready, behind, running, taken, begun, distance: Distance::default() }
    }

    pub fn push(&mut self, order: Order, write: T) {
        if self.taken.contains(&order) {
            self.behind.entry(order).or_default().push_back(write);
        } else {
            self.ready.push_back((order, write));
        }
    }

    /// The next transaction, if one is to begin now.
    pub fn next(&mut self, now: Instant) -> Option<(BatchId, Vec<T>)> {
        if !self.running.is_empty() && !self.is_worth_a_lane(now) {
            return None;
        }
        let count = match self.before_alone() {
            0 => self.ready.len().min(1),
            before => before,
        };
        let (orders, writes): (Vec<Order>, Vec<T>) = self.ready.drain(..count).unzip();
        if writes.is_empty() {
            return None;
        }
        self.taken.extend(orders.iter().filter(|order| **order != Order::Free));
        if count == BATCH_WRITES && self.lanes > 1 {
            self.requeue();
        }
        self.begun += 1;
        let id = BatchId(self.begun);
        self.running.push(Batch { id, began: now, orders });
        Some((id, writes))
    }

    /// What waited for it comes after what has come meanwhile: nobody who writes
    /// much keeps others waiting.
    pub fn ended(&mut self, id: BatchId, now: Instant) {
        let Some(at) = self.running.iter().position(|batch| batch.id == id) else { return };
        let Batch { began, orders, .. } = self.running.swap_remove(at);
        self.distance.note(now.saturating_duration_since(began));
        for order in orders {
            self.taken.remove(&order);
            let waited = self.behind.remove(&order).unwrap_or_default();
            self.ready.extend(waited.into_iter().map(|write| (order, write)));
        }
    }

    /// When another transaction may begin though nothing ends and nothing comes.
    pub fn opens_at(&self) -> Option<Instant> {
        let youngest = self.running.iter().map(|batch| batch.began).max()?;
        self.can_open().then(|| youngest + self.distance.wait())
    }

    fn can_open(&self) -> bool {
        let is_alone = self.taken.contains(&Order::Alone);
        let waits = self.ready.front().is_some_and(|(order, _)| *order != Order::Alone);
        self.running.len() < self.lanes && !is_alone && waits
    }

    /// What waits grows to a batch while another one runs, because a write in a
    /// batch of two costs several times as much as in one of sixteen. Only where
    /// there is enough for another, or the wait becomes long, does one begin
    /// beside it.
    fn is_worth_a_lane(&self, now: Instant) -> bool {
        let wait = self.distance.wait();
        let is_young = |batch: &Batch| now.saturating_duration_since(batch.began) < wait;
        self.can_open()
            && (self.ready.len() >= self.running.len() * LANE_WRITES
                || !self.running.iter().any(is_young))
    }

    /// How many go together next: what goes alone waits for all that came before,
    /// and all that comes after it waits for it.
    fn before_alone(&self) -> usize {
        let first = self.ready.iter().take(BATCH_WRITES);
        first.take_while(|(order, _)| *order != Order::Alone).count()
    }

    /// A batch was cut: more of its rooms waits for it now.
    fn requeue(&mut self) {
        for (order, write) in std::mem::take(&mut self.ready) {
            self.push(order, write);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, time::Duration};

    use parlor_domain::{RoomKey, limits::LANE_LATE};
    use proptest::prelude::*;

    use super::*;

    fn room(key: i64) -> Order {
        Order::Room(RoomKey(key))
    }

    #[test]
    fn a_lane_opens_for_a_batch_that_is_worth_it_or_has_waited() {
        let (mut queue, now) = (Queue::new(4), Instant::now());
        queue.push(room(1), 0);
        let (first, _) = queue.next(now).expect("nothing runs");
        for write in 1..LANE_WRITES {
            queue.push(room(1), 100 + write);
            queue.push(room(2), write);
        }
        assert_eq!(queue.next(now), None, "it grows");
        assert_eq!(queue.opens_at(), Some(now + LANE_LATE));
        queue.push(room(2), LANE_WRITES);
        let (_, second) = queue.next(now).expect("there is enough");
        assert_eq!(second, (1..=LANE_WRITES).collect::<Vec<_>>());
        assert_eq!((queue.next(now + LANE_LATE), queue.opens_at()), (None, None), "it is taken");
        queue.ended(first, now);
        let (_, third) = queue.next(now + LANE_LATE).expect("it has waited");
        assert_eq!(third.len(), LANE_WRITES - 1);
    }

    #[test]
    fn one_room_that_has_much_waiting_holds_up_no_other() {
        let (mut queue, now) = (Queue::new(2), Instant::now());
        for write in 0..3 * BATCH_WRITES {
            queue.push(room(1), write);
        }
        let (first, _) = queue.next(now).expect("nothing runs");
        queue.push(room(2), usize::MAX);
        let (_, other) = queue.next(now + LANE_LATE).expect("it has waited");
        assert_eq!(other, [usize::MAX]);
        queue.push(room(3), usize::MAX);
        queue.ended(first, now);
        let (_, next) = queue.next(now).expect("one ended");
        assert_eq!(next[..2], [usize::MAX, BATCH_WRITES]);
    }

    #[test]
    fn nobody_looks_again_while_something_goes_alone() {
        let (mut queue, now) = (Queue::new(4), Instant::now());
        queue.push(Order::Alone, 0);
        let (alone, _) = queue.next(now).expect("nothing runs");
        queue.push(room(1), 1);
        assert_eq!((queue.next(now + LANE_LATE), queue.opens_at()), (None, None));
        queue.ended(alone, now);
        assert!(queue.next(now).is_some());
        queue.push(Order::Alone, 2);
        assert_eq!((queue.next(now + LANE_LATE), queue.opens_at()), (None, None));
    }

    #[test]
    fn one_lane_takes_all_that_waits() {
        let (mut queue, now) = (Queue::new(1), Instant::now());
        for write in 0..BATCH_WRITES + 1 {
            queue.push(Order::Free, write);
        }
        let (id, batch) = queue.next(now).expect("nothing runs");
        assert_eq!(batch.len(), BATCH_WRITES);
        assert_eq!((queue.next(now + Duration::from_secs(9)), queue.opens_at()), (None, None));
        queue.ended(id, now);
        assert_eq!(queue.next(now).map(|(_, batch)| batch), Some(vec![BATCH_WRITES]));
    }

    proptest! {
        #[test]
        fn all_are_run_each_room_in_order_and_what_goes_alone_alone(
            lanes in 1..5_usize,
            steps in proptest::collection::vec((0..8_i64, 0..3_u8), 1..400),
        ) {
            let (mut queue, mut now) = (Queue::new(lanes), Instant::now());
            let mut running: Vec<(BatchId, Vec<(Order, usize)>)> = Vec::new();
            let mut last: HashMap<Order, usize> = HashMap::new();
            let (mut sent, mut ran) = (0, 0);
            let mut steps = steps.into_iter();
            loop {
                let step = steps.next();
                let ends = match step {
                    Some((key, ends)) => {
                        let order = match key { 0 => Order::Alone, 1 => Order::Free, _ => room(key) };
                        queue.push(order, (order, sent));
                        sent += 1;
                        ends == 0
                    }
                    None => true,
                };
                while let Some((id, batch)) = queue.next(now) {
                    let is_alone = batch.iter().any(|(order, _)| *order == Order::Alone);
                    prop_assert!(!is_alone || (batch.len() == 1 && running.is_empty()));
                    for (order, write) in &batch {
                        let is_taken = |(_, other): &(BatchId, Vec<(Order, usize)>)|
                            other.iter().any(|(taken, _)| taken == order || *taken == Order::Alone);
                        prop_assert!(*order == Order::Free || !running.iter().any(is_taken));
                        let before = last.insert(*order, *write);
                        prop_assert!(before.is_none_or(|before| before < *write));
                    }
                    ran += batch.len();
                    running.push((id, batch));
                    prop_assert!(running.len() <= lanes);
                }
                if ends {
                    match running.pop() {
                        Some((id, _)) => queue.ended(id, now),
                        None if step.is_none() => break,
                        None => {}
                    }
                }
                now += Duration::from_millis(1);
            }
            prop_assert_eq!(ran, sent);
        }
    }
}
