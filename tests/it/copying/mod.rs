//! `parlor copy`: a whole deployment goes from one database into another one.
//!
//! It needs a PostgreSQL, so a plain `cargo test` leaves this out:
//! `scripts/with-services cargo test --test it copying:: -- --include-ignored`.

mod interrupted;
mod whole;

use tempfile::TempDir;

use crate::support::{Finished, run_with};

async fn copy(home: &TempDir, from: &str, to: &str) -> Finished {
    run_with(home, &["copy", "--from", from, "--to", to], &[]).await
}

/// Copies, and finds both sides to be the same.
async fn copied(home: &TempDir, from: &str, to: &str) -> String {
    let finished = copy(home, from, to).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stdout.contains("identical on both sides"), "{finished:?}");
    assert!(!finished.stdout.contains("differs"), "{finished:?}");
    finished.stdout
}

async fn migrated(home: &TempDir, url: &str) {
    let finished = run_with(home, &["migrate"], &[("DATABASE_URL", url)]).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
}

/// The line of a table, as words.
fn line_of<'a>(stdout: &'a str, table: &str) -> Vec<&'a str> {
    let words = |line: &'a str| line.split_whitespace().collect::<Vec<_>>();
    let line = stdout.lines().map(words).find(|words| words.first() == Some(&table));
    line.unwrap_or_else(|| panic!("a line for {table}: {stdout}"))
}
