//! Which writes become the next transaction, and when one begins beside those
//! that run.

use std::{collections::VecDeque, time::Instant};

use parlor_domain::limits::{BATCH_WRITES, LANE_SCAN, LANE_WAIT, LANE_WRITES};
use rustc_hash::FxHashSet;

use crate::write::Order;

/// Writes that wait for a lane, in the order in which they came.
#[derive(Debug)]
pub(super) struct Queue<T> {
    /// Transactions that may run at once.
    lanes: usize,
    waiting: VecDeque<(Order, T)>,
    running: Vec<Batch>,
    /// What the running ones have: the next of the same waits.
    taken: FxHashSet<Order>,
    /// All that waits is taken.
    futile: bool,
    begun: u64,
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
        let (waiting, running, taken) = (VecDeque::new(), Vec::new(), FxHashSet::default());
        Self { lanes, waiting, running, taken, futile: false, begun: 0 }
    }

    /// Whether writes can overtake each other, so that their order matters.
    pub fn has_lanes(&self) -> bool {
        self.lanes > 1
    }

    pub fn push(&mut self, order: Order, write: T) {
        self.futile &= self.taken.contains(&order);
        self.waiting.push_back((order, write));
    }

    /// The next transaction, if one is to begin now.
    pub fn next(&mut self, now: Instant) -> Option<(BatchId, Vec<T>)> {
        let picked = if self.running.is_empty() {
            self.first()
        } else if self.is_worth_a_lane(now) {
            self.untaken()
        } else {
            return None;
        };
        if picked.is_empty() {
            self.futile = true;
            return None;
        }
        self.begun += 1;
        let id = BatchId(self.begun);
        let (orders, writes): (Vec<Order>, Vec<T>) = picked.into_iter().unzip();
        self.taken.extend(orders.iter().filter(|order| **order != Order::Free));
        self.running.push(Batch { id, began: now, orders });
        Some((id, writes))
    }

    pub fn ended(&mut self, id: BatchId) {
        let Some(at) = self.running.iter().position(|batch| batch.id == id) else { return };
        for order in self.running.swap_remove(at).orders {
            self.taken.remove(&order);
        }
        self.futile = false;
    }

    /// When another transaction may begin though nothing ends and nothing comes.
    pub fn opens_at(&self) -> Option<Instant> {
        let may_open = self.running.len() < self.lanes && !self.waiting.is_empty();
        let youngest = self.running.iter().map(|batch| batch.began).max()?;
        (may_open && !self.futile).then(|| youngest + LANE_WAIT)
    }

    /// What waits grows to a batch while another one runs, because a write in a
    /// batch of two costs several times as much as in one of sixteen. Only where
    /// there is enough for another, or the wait becomes long, does one begin
    /// beside it.
    fn is_worth_a_lane(&self, now: Instant) -> bool {
        let (waiting, running) = (self.waiting.len(), self.running.len());
        if running >= self.lanes || self.futile || self.taken.contains(&Order::Alone) {
            return false;
        }
        let is_young = |batch: &Batch| now.saturating_duration_since(batch.began) < LANE_WAIT;
        waiting >= running * LANE_WRITES || !self.running.iter().any(is_young)
    }

    /// What waits, up to what goes alone.
    fn first(&mut self) -> Vec<(Order, T)> {
        let is_alone = |(order, _): &(Order, T)| *order == Order::Alone;
        let count = match self.waiting.iter().take(BATCH_WRITES).position(is_alone) {
            Some(0) => 1,
            Some(before) => before,
            None => self.waiting.len().min(BATCH_WRITES),
        };
        self.waiting.drain(..count).collect()
    }

    /// What waits for none of the running ones, up to what goes alone.
    fn untaken(&mut self) -> Vec<(Order, T)> {
        let (mut picked, mut held) = (Vec::new(), Vec::new());
        while picked.len() < BATCH_WRITES && held.len() < LANE_SCAN {
            match self.waiting.pop_front() {
                Some(first) if first.0 == Order::Alone => {
                    held.push(first);
                    break;
                }
                Some(next) if self.taken.contains(&next.0) => held.push(next),
                Some(next) => picked.push(next),
                None => break,
            }
        }
        for next in held.into_iter().rev() {
            self.waiting.push_front(next);
        }
        picked
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, time::Duration};

    use parlor_domain::RoomKey;
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
            queue.push(room(2), write);
        }
        assert_eq!(queue.next(now), None, "it grows");
        assert_eq!(queue.opens_at(), Some(now + LANE_WAIT));
        queue.push(room(1), 99);
        let (_, second) = queue.next(now).expect("there is enough");
        assert_eq!(second.len(), LANE_WRITES - 1, "what the first has waits for it");
        assert_eq!(queue.next(now + LANE_WAIT), None, "its room is taken");
        queue.ended(first);
        let (_, third) = queue.next(now + LANE_WAIT).expect("it has waited");
        assert_eq!(third, [99]);
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
        queue.ended(id);
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
                        Some((id, _)) => queue.ended(id),
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
