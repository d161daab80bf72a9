//! `parlor doctor`: of a server, and of a machine.

mod machine;
mod server;

use tempfile::tempdir;

use crate::support::{Finished, run_with};

/// What the command says in a directory of its own.
async fn doctor(args: &[&str], settings: &[(&str, &str)]) -> Finished {
    let home = tempdir().expect("a directory");
    run_with(&home, &[&["doctor"], args].concat(), settings).await
}

/// The lines that begin with a mark.
fn marked(finished: &Finished, mark: char) -> Vec<&str> {
    finished.stdout.lines().filter(|line| line.starts_with(mark)).collect()
}

/// Says one thing that is wrong, and what to do about it.
fn says(finished: &Finished, wrong: &str, advice: &str) {
    assert_eq!(finished.code, Some(2), "{finished:?}");
    let mut lines = finished.stdout.lines();
    let found = lines.any(|line| line.starts_with('✗') && line.contains(wrong));
    assert!(found, "{wrong:?} is told: {}", finished.stdout);
    let next = lines.next().unwrap_or_default();
    assert!(next.starts_with("  →") && next.contains(advice), "{advice:?}: {}", finished.stdout);
}
