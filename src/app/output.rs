//! Standard output that may fail: a full disk, a closed pipe. `println!` would
//! panic.

use std::io::{Result, Write, stderr, stdout};

use super::Failure;

/// What a command was asked for. Without it the command has failed.
pub(super) fn answer(text: &str) -> std::result::Result<(), Failure> {
    write(text)
        .map_err(|error| Failure::environment(format!("cannot write to standard output: {error}")))
}

/// What is good to know; the server runs without it.
pub(super) fn say(text: &str) {
    if let Err(error) = write(text) {
        log::warn!("cannot write to standard output: {error}");
    }
}

/// Why a command ends. If that cannot be written, nobody can be told.
pub(super) fn complain(line: &str) {
    let _ = writeln!(stderr().lock(), "{line}");
}

fn write(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
