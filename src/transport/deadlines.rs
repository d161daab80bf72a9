//! How long the other end of a connection may keep the server waiting: pure,
//! without a clock.

use std::time::{Duration, Instant};

use parlor_domain::limits::PACE;

/// How long who speaks HTTP is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the rest of a request that has begun.
    pub request: Duration,
    /// For a reader who takes nothing of an answer, or next to nothing.
    pub response: Duration,
    /// For the next request.
    pub idle: Duration,
}

/// The least pace of one direction: what comes within each `window` of
/// waiting, and not of our own work, must be [`PACE`] bytes a second, and
/// nothing may stand still for a whole one.
///
/// So who stands still is given up a window after the last byte, however much
/// came before it (what fills the buffers on the way says nothing of a reader);
/// who trickles after the first window in which it was too little; and who is
/// slow may go on.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    window: Duration,
    waited: Duration,
    waits_since: Option<Instant>,
    /// The same, but for windows that began while it was waited.
    stands_since: Option<Instant>,
    moved: u64,
}

impl Pace {
    pub fn new(window: Duration) -> Self {
        let (waited, waits_since, stands_since) = (Duration::ZERO, None, None);
        Self { window, waited, waits_since, stands_since, moved: 0 }
    }

    /// Nothing can be read, or written, now.
    pub fn wait(&mut self, now: Instant) {
        self.waits_since.get_or_insert(now);
        self.stands_since.get_or_insert(now);
    }

    /// Something came through.
    pub fn moved(&mut self, now: Instant, bytes: usize) {
        self.moved = self.moved.saturating_add(bytes as u64);
        self.stands_since = None;
        if let Some(since) = self.waits_since.take() {
            self.waited += now.saturating_duration_since(since);
            self.next_window();
        }
    }

    /// When it is to be asked whether it [is too slow](Self::is_too_slow);
    /// `None` while nobody waits.
    pub fn deadline(&self) -> Option<Instant> {
        let window_ends = self.waits_since? + self.window.saturating_sub(self.waited);
        Some(window_ends.min(self.stands_since? + self.window))
    }

    /// Whether the deadline has come.
    pub fn is_due(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| now >= deadline)
    }

    /// At the deadline: whether too little came, or nothing. If not, the next
    /// window begins.
    pub fn is_too_slow(&mut self, now: Instant) -> bool {
        if !self.is_due(now) {
            return false;
        }
        if let Some(since) = self.waits_since.replace(now) {
            self.waited += now.saturating_duration_since(since);
        }
        let stands = self.stands_since.map_or(Duration::ZERO, |since| now.duration_since(since));
        stands >= self.window || !self.next_window()
    }

    /// Begins the next window if this one is over and enough came in it.
    fn next_window(&mut self) -> bool {
        let least = self.window.as_millis() * u128::from(PACE) / 1_000;
        let enough = u128::from(self.moved) >= least;
        if self.waited >= self.window && enough {
            (self.waited, self.moved) = (Duration::ZERO, 0);
        }
        enough
    }
}

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    /// For its first request, which actix-http gives a time of its own and
    /// answers with 408.
    First,
    /// For another request.
    Next { since: Instant },
    /// For the rest of a head, or of a body that nobody wants any more.
    Rest { since: Instant },
    /// Not: a request is being answered, whose body has its own pace.
    Answering,
}

/// Until when the other end of one connection is waited for.
#[derive(Clone, Debug)]
pub struct Deadlines {
    timeouts: Timeouts,
    waits: Waits,
    answering: u32,
    writing: Pace,
}

impl Deadlines {
    pub fn new(timeouts: Timeouts) -> Self {
        let writing = Pace::new(timeouts.response);
        Self { timeouts, waits: Waits::First, answering: 0, writing }
    }

    /// Bytes came. The rest of a request that begins while an answer is not
    /// taken is waited for when it is.
    pub fn read(&mut self, now: Instant) {
        if let Waits::Next { .. } = self.waits
            && self.writing.deadline().is_none()
        {
            self.waits = Waits::Rest { since: now };
        }
    }

    /// A request is whole, but for its body.
    pub fn request_began(&mut self) {
        self.answering += 1;
        self.waits = Waits::Answering;
    }

    /// Its answer is on its way.
    pub fn request_ended(&mut self, now: Instant) {
        self.answering = self.answering.saturating_sub(1);
        if self.answering == 0 {
            self.waits = Waits::Next { since: now };
        }
    }

    /// Whether there is a request that is not done: it is being answered, or
    /// the answer is not taken. Until it is, the next one is not begun.
    pub fn is_busy(&self) -> bool {
        self.answering > 0 || self.writing.deadline().is_some()
    }

    /// Whether it is to be judged now how much the reader takes.
    pub fn is_reader_due(&self, now: Instant) -> bool {
        self.writing.is_due(now)
    }

    /// The socket takes nothing now.
    pub fn write_blocked(&mut self, now: Instant) {
        self.writing.wait(now);
    }

    /// It took something. Until then nobody was waited for to ask more.
    pub fn wrote(&mut self, now: Instant, bytes: usize) {
        self.writing.moved(now, bytes);
        if let Waits::Next { since } = &mut self.waits {
            *since = now;
        }
    }

    /// When the reader is to be judged; `None` while there is room to write.
    pub fn writing_deadline(&self) -> Option<Instant> {
        self.writing.deadline()
    }

    /// When it is to be judged that nothing comes; `None` while nobody is waited
    /// for, or the reader is: who has an answer to take need not ask.
    pub fn reading_deadline(&self) -> Option<Instant> {
        match self.waits {
            _ if self.writing.deadline().is_some() => None,
            Waits::First | Waits::Answering => None,
            Waits::Next { since } => Some(since + self.timeouts.idle),
            Waits::Rest { since } => Some(since + self.timeouts.request),
        }
    }

    /// Whether the reader is given up, who has been waited for until now.
    pub fn gives_reader_up(&mut self, now: Instant) -> bool {
        self.writing.is_too_slow(now)
    }

    /// Whether nothing more is read.
    pub fn gives_asker_up(&self, now: Instant) -> bool {
        self.reading_deadline().is_some_and(|deadline| now >= deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn deadlines() -> (Deadlines, Instant) {
        let timeouts = Timeouts { request: 20 * SECOND, response: 60 * SECOND, idle: 5 * SECOND };
        (Deadlines::new(timeouts), Instant::now())
    }

    #[test]
    fn who_stands_still_is_given_up_a_window_after_the_last_byte() {
        let (mut pace, start) = (Pace::new(20 * SECOND), Instant::now());
        assert_eq!(pace.deadline(), None, "nobody waits");
        pace.moved(start, 1_000_000);
        pace.wait(start);
        pace.moved(start + SECOND, 1_000_000);
        pace.wait(start + 2 * SECOND);
        // The window ends, but not yet the time in which something may come.
        let end = start + 21 * SECOND;
        assert_eq!(pace.deadline(), Some(end));
        assert!(!pace.is_too_slow(end - SECOND), "not yet");
        assert!(!pace.is_too_slow(end));
        assert_eq!(pace.deadline(), Some(end + SECOND));
        let mut other = pace;
        assert!(pace.is_too_slow(end + SECOND), "nothing came for a whole window");
        // What comes at the last moment begins anew.
        other.moved(end + SECOND, 30_000);
        other.wait(end + SECOND);
        assert!(!other.is_too_slow(end + 20 * SECOND));
    }

    #[test]
    fn a_window_of_less_than_a_second_is_one() {
        let (mut pace, start) = (Pace::new(SECOND / 2), Instant::now());
        pace.wait(start);
        pace.moved(start + SECOND / 4, 100);
        pace.wait(start + SECOND / 4);
        assert!(pace.is_too_slow(start + SECOND / 2), "100 bytes are less than 512");
    }

    #[test]
    fn who_trickles_is_given_up_and_who_is_slow_is_not() {
        let slow = |bytes: usize| {
            let (mut pace, start) = (Pace::new(20 * SECOND), Instant::now());
            (0..600).any(|second| {
                let now = start + second * SECOND;
                pace.wait(now);
                let over = pace.is_too_slow(now);
                pace.moved(now + SECOND, bytes);
                over
            })
        };
        assert!(slow(100));
        assert!(!slow(2_000));
    }

    #[test]
    fn our_own_work_is_not_their_time() {
        let (mut pace, start) = (Pace::new(20 * SECOND), Instant::now());
        for minute in 0..60 {
            let now = start + minute * 60 * SECOND;
            pace.wait(now);
            assert!(!pace.is_too_slow(now));
            pace.moved(now + SECOND / 10, 100);
        }
    }

    #[test]
    fn a_connection_without_a_request_ends_in_silence() {
        let (mut deadlines, start) = deadlines();
        assert_eq!(deadlines.reading_deadline(), None, "the first has a time of actix-http's");
        deadlines.request_began();
        assert_eq!(deadlines.reading_deadline(), None, "it is our turn");
        deadlines.request_ended(start);
        assert_eq!(deadlines.reading_deadline(), Some(start + 5 * SECOND));
        assert!(!deadlines.gives_asker_up(start + 4 * SECOND));
        assert!(deadlines.gives_asker_up(start + 5 * SECOND));
    }

    #[test]
    fn a_request_that_has_begun_has_one_time_for_all_of_its_head() {
        let (mut deadlines, start) = deadlines();
        deadlines.request_began();
        deadlines.request_ended(start);
        deadlines.read(start + SECOND);
        deadlines.read(start + 19 * SECOND);
        assert_eq!(deadlines.reading_deadline(), Some(start + 21 * SECOND));
        deadlines.request_began();
        assert_eq!(deadlines.reading_deadline(), None);
    }

    #[test]
    fn requests_in_a_row_are_one_turn_of_ours() {
        let (mut deadlines, start) = deadlines();
        deadlines.request_began();
        deadlines.request_began();
        deadlines.request_ended(start);
        assert_eq!(deadlines.reading_deadline(), None);
        deadlines.request_ended(start);
        assert!(deadlines.reading_deadline().is_some());
    }

    #[test]
    fn a_request_is_done_when_its_answer_is_taken() {
        let (mut deadlines, start) = deadlines();
        assert!(!deadlines.is_busy());
        deadlines.request_began();
        assert!(deadlines.is_busy());
        deadlines.write_blocked(start);
        deadlines.request_ended(start);
        assert!(deadlines.is_busy(), "it is not taken");
        // Half of the next one came meanwhile.
        deadlines.read(start + SECOND);
        deadlines.wrote(start + 30 * SECOND, 100);
        assert!(!deadlines.is_busy());
        deadlines.read(start + 31 * SECOND);
        assert_eq!(deadlines.reading_deadline(), Some(start + 51 * SECOND), "the rest has time");
        deadlines.wrote(start + 32 * SECOND, 100);
        assert_eq!(deadlines.reading_deadline(), Some(start + 51 * SECOND), "but no more");
    }

    #[test]
    fn a_reader_who_does_not_read_is_cut_and_one_who_does_has_time_for_the_next_request() {
        let (mut deadlines, start) = deadlines();
        deadlines.request_began();
        deadlines.wrote(start, 300_000);
        deadlines.request_ended(start);
        deadlines.write_blocked(start);
        assert_eq!(deadlines.reading_deadline(), None, "idle counts from the end");
        let end = start + 60 * SECOND;
        assert_eq!(deadlines.writing_deadline(), Some(end));
        assert!(!deadlines.is_reader_due(end - SECOND) && deadlines.is_reader_due(end));
        let mut other = deadlines.clone();
        assert!(other.gives_reader_up(end), "what filled the buffers is no reading");
        deadlines.wrote(end, 100_000);
        assert!(!deadlines.gives_reader_up(end));
        assert_eq!(deadlines.reading_deadline(), Some(end + 5 * SECOND));
    }
}
