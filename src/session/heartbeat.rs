//! Whether the other side is still there.

use std::time::{Duration, Instant};

use parlor_domain::limits::PROBE_TIMEOUT;

/// How often a session pings and how long it waits; docs/PROTOCOL.md,
/// "Heartbeat".
#[derive(Clone, Copy, Debug)]
pub struct HeartbeatConfig {
    /// Time between two pings.
    pub interval: Duration,
    /// A session that has been silent for so long is closed.
    pub timeout: Duration,
    /// A session whose socket has taken nothing for so long is closed.
    pub write_timeout: Duration,
}

/// The heartbeat of one session: pure, the clock is handed in.
#[derive(Debug)]
pub(super) struct Heartbeat {
    config: HeartbeatConfig,
    received_at: Instant,
    pinged_at: Instant,
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Wait,
    Ping,
    /// Nothing was heard for too long.
    Silent,
    /// The socket has taken nothing for too long.
    Stalled,
}

impl Heartbeat {
    pub fn new(config: HeartbeatConfig, now: Instant) -> Self {
        Self { config, received_at: now, pinged_at: now }
    }

    /// Something came from the client, whatever it was.
    pub fn received(&mut self, now: Instant) {
        self.received_at = now;
    }

    /// `stalled_for` says how long the socket has taken nothing of what waits,
    /// `probed_for` how long the client has not said that it is there.
    pub fn beat(&mut self, now: Instant, stalled_for: Duration, probed_for: Duration) -> Beat {
        if now.duration_since(self.received_at) >= self.config.timeout
            || probed_for >= PROBE_TIMEOUT
        {
            return Beat::Silent;
        }
        if stalled_for >= self.config.write_timeout {
            return Beat::Stalled;
        }
        if now.duration_since(self.pinged_at) >= self.config.interval {
            self.pinged_at = now;
            return Beat::Ping;
        }
        Beat::Wait
    }

    /// When it is worth looking again.
    pub fn next(&self, now: Instant) -> Duration {
        let silent = self.received_at + self.config.timeout;
        let ping = self.pinged_at + self.config.interval;
        let stall = now + self.config.write_timeout;
        silent.min(ping).min(stall).saturating_duration_since(now).max(Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: HeartbeatConfig = HeartbeatConfig {
        interval: Duration::from_secs(54),
        timeout: Duration::from_secs(60),
        write_timeout: Duration::from_secs(10),
    };

    #[test]
    fn a_quiet_session_is_pinged_and_then_closed() {
        let start = Instant::now();
        let at = |secs| start + Duration::from_secs(secs);
        let mut heartbeat = Heartbeat::new(CONFIG, start);
        assert_eq!(heartbeat.beat(at(53), Duration::ZERO, Duration::ZERO), Beat::Wait);
        assert_eq!(heartbeat.beat(at(54), Duration::ZERO, Duration::ZERO), Beat::Ping);
        assert_eq!(heartbeat.beat(at(55), Duration::ZERO, Duration::ZERO), Beat::Wait);
        assert_eq!(heartbeat.beat(at(60), Duration::ZERO, Duration::ZERO), Beat::Silent);
    }

    #[test]
    fn whatever_is_heard_keeps_a_session() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(CONFIG, start);
        heartbeat.received(start + Duration::from_secs(59));
        let beat = heartbeat.beat(start + Duration::from_secs(61), Duration::ZERO, Duration::ZERO);
        assert_eq!(beat, Beat::Ping);
    }

    #[test]
    fn a_socket_that_takes_nothing_is_noticed() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(CONFIG, start);
        assert_eq!(heartbeat.beat(start, Duration::from_secs(10), Duration::ZERO), Beat::Stalled);
    }

    #[test]
    fn one_who_is_asked_and_says_nothing_is_closed_before_the_others() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(CONFIG, start);
        let asked = PROBE_TIMEOUT - Duration::from_millis(1);
        assert_eq!(heartbeat.beat(start, Duration::ZERO, asked), Beat::Wait);
        assert_eq!(heartbeat.beat(start, Duration::ZERO, PROBE_TIMEOUT), Beat::Silent);
    }

    #[test]
    fn it_looks_again_in_time_and_never_without_pause() {
        let start = Instant::now();
        let heartbeat = Heartbeat::new(CONFIG, start);
        assert_eq!(heartbeat.next(start), CONFIG.write_timeout);
        let due = heartbeat.next(start + Duration::from_secs(59));
        assert_eq!(due, Duration::from_millis(1));
    }
}
