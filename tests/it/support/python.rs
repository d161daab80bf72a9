//! Programs of other people, from the virtual environment of `scripts/test`.

use std::{path::Path, process::Stdio};

use tokio::process::Command;

/// A program of the environment; it ends when it is dropped.
pub fn python(program: &str) -> Command {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a target directory");
    let program = target.join("venv/bin").join(program);
    assert!(program.exists(), "{} is there (scripts/test makes it)", program.display());
    let mut command = Command::new(program);
    command.kill_on_drop(true).stdin(Stdio::null());
    command
}
