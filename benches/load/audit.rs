//! Checks, while measuring, that no `seq` is missing and none comes twice.

/// What has been checked so far.
#[derive(Clone, Copy, Default)]
pub struct Findings {
    pub gaps: u64,
    pub repeats: u64,
}

impl Findings {
    pub fn clean(&self) -> bool {
        self.gaps == 0 && self.repeats == 0
    }

    pub fn add(&mut self, other: &Findings) {
        self.gaps += other.gaps;
        self.repeats += other.repeats;
    }
}

/// The events of one room as one connection gets them: each the successor of
/// the one before.
pub struct Deliveries {
    last: Vec<u64>,
    findings: Findings,
}

impl Deliveries {
    /// `heads` has each connection's room's last `seq` at the start.
    pub fn new(heads: &[u64]) -> Self {
        Deliveries { last: heads.to_vec(), findings: Findings::default() }
    }

    pub fn last(&self, connection: usize) -> u64 {
        self.last[connection]
    }

    /// Whether this one is new to the connection.
    #[inline]
    pub fn got(&mut self, connection: usize, seq: u64) -> bool {
        let last = &mut self.last[connection];
        if seq <= *last {
            self.findings.repeats += 1;
            return false;
        }
        self.findings.gaps += seq - *last - 1;
        *last = seq;
        true
    }

    pub fn findings(&self) -> Findings {
        self.findings
    }
}

/// The acks of all senders: for each sender strictly rising, and in each room
/// every `seq` given exactly once.
pub struct Acks {
    /// By connection.
    last: Vec<u64>,
    rooms: Vec<SeqSet>,
    repeats: u64,
}

impl Acks {
    /// `heads` by connection, as above; `room_heads` by room.
    pub fn new(heads: &[u64], room_heads: &[u64]) -> Self {
        let rooms = room_heads.iter().map(|&head| SeqSet::after(head)).collect();
        Acks { last: heads.to_vec(), rooms, repeats: 0 }
    }

    #[inline]
    pub fn got(&mut self, connection: usize, room: usize, seq: u64) {
        let last = &mut self.last[connection];
        let rising = seq > *last;
        *last = seq.max(*last);
        if !self.rooms[room].insert(seq) || !rising {
            self.repeats += 1;
        }
    }

    /// Only meaningful once nothing is under way: until then a neighbour's ack
    /// may be the one that fills a gap.
    pub fn findings(&self) -> Findings {
        let gaps = self.rooms.iter().map(SeqSet::missing).sum();
        Findings { gaps, repeats: self.repeats }
    }
}

/// A set of numbers that come almost in order: one bit for each.
struct SeqSet {
    head: u64,
    bits: Vec<u64>,
    count: u64,
    highest: u64,
}

impl SeqSet {
    fn after(head: u64) -> Self {
        SeqSet { head, bits: Vec::new(), count: 0, highest: head }
    }

    /// False for a number that is there already or not after the head.
    fn insert(&mut self, seq: u64) -> bool {
        let Some(index) = seq.checked_sub(self.head + 1) else { return false };
        let (word, bit) = ((index / 64) as usize, 1u64 << (index % 64));
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        if self.bits[word] & bit != 0 {
            return false;
        }
        self.bits[word] |= bit;
        self.count += 1;
        self.highest = self.highest.max(seq);
        true
    }

    fn missing(&self) -> u64 {
        self.highest - self.head - self.count
    }
}
