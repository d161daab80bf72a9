//! How far a command is, for a person at a terminal; nobody else is shown it.

use std::{
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

/// How often it is shown.
const EVERY: Duration = Duration::from_millis(200);
/// Characters of the bar.
const WIDTH: u64 = 30;

pub(super) struct Progress {
    /// Bytes, where it is known how many there are.
    total: Option<u64>,
    begun: Instant,
    /// `None`: nobody looks.
    shown: Option<Instant>,
}

impl Default for Progress {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Progress {
    pub fn new(total: Option<u64>) -> Self {
        let begun = Instant::now();
        Self { total, begun, shown: stderr().is_terminal().then_some(begun) }
    }

    pub fn at(&mut self, bytes: u64, lines: u64) {
        let (total, begun) = (self.total, self.begun);
        self.show(|| bar(total, bytes, lines, begun.elapsed()));
    }

    /// Shows a text, unless the last one has just been; says whether anybody looks.
    pub fn show(&mut self, text: impl FnOnce() -> String) -> bool {
        let Some(shown) = &mut self.shown else { return false };
        if shown.elapsed() >= EVERY {
            *shown = Instant::now();
            // What cannot be shown is not missed.
            let _ = write!(stderr().lock(), "\r\x1b[K{}", text());
        }
        true
    }

    /// Makes place for other lines.
    pub fn clear(&self) {
        if self.shown.is_some() {
            let _ = write!(stderr().lock(), "\r\x1b[K");
        }
    }
}

fn bar(total: Option<u64>, bytes: u64, lines: u64, took: Duration) -> String {
    let speed = lines as f64 / took.as_secs_f64().max(0.001);
    let lines = format!("{lines} lines, {speed:.0}/s");
    let Some(total) = total.filter(|total| *total > 0) else { return lines };
    let done = bytes.min(total);
    let full = (done * WIDTH / total) as usize;
    let rest = WIDTH as usize - full;
    format!("[{}{}] {:>3} %  {lines}", "#".repeat(full), "-".repeat(rest), done * 100 / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_the_file_is_read() {
        let second = Duration::from_secs(1);
        let half = bar(Some(10), 5, 7, second);
        assert!(half.starts_with("[###############---------------]  50 %  7 lines, 7/s"), "{half}");
        assert!(bar(Some(10), 20, 7, second).contains("] 100 %"), "a file that grows");
        assert_eq!(bar(None, 20, 7, second), "7 lines, 7/s");
        assert_eq!(bar(Some(0), 0, 0, second), "0 lines, 0/s");
    }
}
