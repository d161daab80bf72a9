//! What an operator works with: backups, and the files of `deploy/`.

mod backup;
mod deployment;
mod monitoring;
mod options;

use std::path::Path;

/// A file of this repository.
fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
