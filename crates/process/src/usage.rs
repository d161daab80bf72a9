//! What the operating system says of this process (proc(5)); 0 where there is no /proc.

/// What the process uses.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Seconds of all cores.
    pub cpu_seconds: f64,
    pub resident_bytes: u64,
    pub threads: u64,
    /// Files and sockets that are open.
    pub open_files: u64,
    /// As many may be.
    pub open_files_max: u64,
}

/// In which /proc counts time, on every architecture of Linux (USER_HZ).
const TICKS_PER_SECOND: f64 = 100.0;

impl Usage {
    pub fn read() -> Self {
        let text = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}"));
        let (stat, status, limits) = (text("stat"), text("status"), text("limits"));
        let (stat, status, limits) =
            (stat.unwrap_or_default(), status.unwrap_or_default(), limits.unwrap_or_default());
        Self {
            cpu_seconds: ticks(&stat).unwrap_or(0.0) / TICKS_PER_SECOND,
            resident_bytes: 1024 * number(&status, "VmRSS:").unwrap_or(0),
            threads: number(&status, "Threads:").unwrap_or(0),
            open_files: std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count) as u64,
            open_files_max: number(&limits, "Max open files").unwrap_or(0),
        }
    }
}

/// The first number behind a name that begins a line.
fn number(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// In user and in kernel mode: the 14th and 15th field, of which the second may hold
/// spaces and brackets.
fn ticks(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some(next()? + next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proc_says_is_read() {
        let stat = "7 (a ) (b) S 1 7 7 0 -1 4194560 21 0 0 0 150 25 0 0 20 0 9 0 99 1 2";
        assert_eq!(ticks(stat), Some(175.0));
        assert_eq!(ticks("7 (x"), None);
        let limits = "Max cpu time   unlimited\nMax open files            1024   4096   files\n";
        assert_eq!(number(limits, "Max open files"), Some(1024));
        assert_eq!(number(limits, "Max cpu time"), None);
    }

    #[test]
    fn a_process_uses_something() {
        let Usage { cpu_seconds, resident_bytes, threads, open_files, open_files_max } =
            Usage::read();
        assert!(cpu_seconds >= 0.0 && resident_bytes > 0 && threads > 0, "{:?}", Usage::read());
        assert!((1..=open_files_max).contains(&open_files));
    }
}
