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

/// What follows the line `mark` in its block of docs/OPERATIONS.md: what is
/// written there is what is tested.
fn documented(mark: &str) -> String {
    let text = file("docs/OPERATIONS.md");
    let (_, block) = text.split_once(mark).unwrap_or_else(|| panic!("{mark:?} is documented"));
    block.split("```").next().expect("it ends").trim().to_owned()
}
