//! Programs from npm, which `scripts/test` has fetched.

use std::path::{Path, PathBuf};

use tokio::process::Command;

/// A program of theirs; it ends when it is dropped.
pub fn npm(program: &str) -> Command {
    let program = node_modules().join(".bin").join(program);
    assert!(program.exists(), "{} is there (scripts/test makes it)", program.display());
    let mut command = Command::new(program);
    command.kill_on_drop(true);
    command
}

pub fn node_modules() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a target directory");
    target.join("node/node_modules")
}
