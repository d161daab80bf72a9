//! Standard output that may fail: a full disk, a closed pipe. `println!` would
//! panic.

use std::io::{Result, Write, stderr, stdout};

use super::Failure;

/// What a command was asked for. Without it the command has failed.
pub(super) fn answer(text: &str) -> std::result::Result<(), Failure> {
    write(text)
        .map_err(|error| Failure::environment(format!("cannot write to standard output: {error}")))
}

/// Prints information that the server can run without.
pub(super) fn say(text: &str) {
    if let Err(error) = write(text) {
        log::warn!("cannot write to standard output: {error}");
    }
}

/// Prints why a command failed. If even that cannot be written, nothing can be
/// done.
pub(super) fn complain(line: &str) {
    let _ = writeln!(stderr().lock(), "{line}");
}

fn write(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
