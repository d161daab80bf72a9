//! What a sender keeps until it is acked, to send it once more if the
//! connection ends before: the client's half of "exactly once".

use std::collections::{BTreeMap, HashMap};

#[derive(Default)]
pub struct Outbox {
    lanes: HashMap<usize, Lane>,
}

#[derive(Default)]
struct Lane {
    /// Whether nothing is sent because the connection is not there.
    held: bool,
    /// Frames by the time in them, which no two of one sender share.
    frames: BTreeMap<u64, Vec<u8>>,
}

impl Outbox {
    /// Keeps what was just put at the end of `out`, from `start` on, and takes
    /// it out again if the sender is held.
    pub fn keep(&mut self, sender: usize, sent_at: u64, out: &mut Vec<u8>, start: usize) {
        let lane = self.lanes.entry(sender).or_default();
        lane.frames.insert(sent_at, out[start..].to_vec());
        if lane.held {
            out.truncate(start);
        }
    }

    pub fn acked(&mut self, sender: usize, sent_at: u64) {
        if let Some(lane) = self.lanes.get_mut(&sender) {
            lane.frames.remove(&sent_at);
        }
    }

    /// The sender's connection has ended.
    pub fn hold(&mut self, sender: usize) {
        self.lanes.entry(sender).or_default().held = true;
    }

    /// The sender is back: all that is not acked goes out once more, in order.
    pub fn release(&mut self, sender: usize, out: &mut Vec<u8>) {
        if let Some(lane) = self.lanes.get_mut(&sender) {
            lane.held = false;
            lane.frames.values().for_each(|frame| out.extend_from_slice(frame));
        }
    }
}
