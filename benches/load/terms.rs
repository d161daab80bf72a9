//! What a chat is about: who does what, when, and what has come of it.

/// When the next message is sent.
#[derive(Clone, Copy)]
pub enum Pace {
    /// Every sender has one message under way: the next follows the ack.
    Closed,
    /// The first sender keeps this many under way; one is done when every
    /// reader has it. No reader can so fall far behind.
    Window(usize),
    /// So many each second, by the senders in turn.
    Rate(u32),
    /// Whenever the scenario says so, by [`Chat::send`].
    Free,
}

/// One connection's part in a [`Chat`].
#[derive(Clone, Copy)]
pub struct Part {
    /// Index into the chat's rooms.
    pub room: usize,
    pub sends: bool,
    /// Whether the connection is subscribed. A sender that is hears itself.
    pub reads: bool,
}

/// What has been counted. Two of them give what happened in between.
#[derive(Clone, Copy, Default)]
pub struct Tally {
    pub sent: u64,
    pub acked: u64,
    pub expected: u64,
    pub delivered: u64,
    /// Those of them that went to readers set aside: see `Chat::set_aside`.
    pub aside: u64,
}

impl Tally {
    pub fn since(&self, before: &Tally) -> Tally {
        Tally {
            sent: self.sent - before.sent,
            acked: self.acked - before.acked,
            expected: self.expected - before.expected,
            delivered: self.delivered - before.delivered,
            aside: self.aside - before.aside,
        }
    }
}
