//! The documents name the options that there are.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::support::run;

/// Read before the command line is: `RUST_LOG` by the logger, and how it
/// writes, so that a refusal is written as well. And a token, which no option takes:
/// command lines are seen by everybody.
const NO_OPTIONS: [&str; 4] =
    ["RUST_LOG", "PARLOR_LOG_FORMAT", "PARLOR_IMPORT_TOKEN", "PARLOR_MCP_TOKEN"];

/// The variables of `parlor serve --help`, and of other commands that have some.
pub(super) async fn known() -> BTreeSet<String> {
    let serve = run(&["serve", "--help"]).await.stdout;
    let help = serve + &run(&["copy", "--help"]).await.stdout;
    let help = help + &run(&["doctor", "--help"]).await.stdout;
    let variables = help.split("[env: ").skip(1).map(|rest| {
        let (name, _) = rest.split_once([']', '=']).expect("it is closed");
        name.to_owned()
    });
    let known: BTreeSet<_> = variables.chain(NO_OPTIONS.map(str::to_owned)).collect();
    assert!(known.len() > 60, "{known:?}");
    known
}

/// The texts that name settings: what is there for people, and `deploy/`.
fn texts() -> Vec<(PathBuf, String)> {
    fn collect(path: &Path, texts: &mut Vec<(PathBuf, String)>) {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).expect("a directory");
            entries.for_each(|entry| collect(&entry.expect("an entry").path(), texts));
        } else if let Ok(text) = std::fs::read_to_string(path) {
            texts.push((path.to_owned(), text));
        }
    }
    let mut found = Vec::new();
    for path in ["docs", "deploy", "README.md", ".env.example", "CHANGELOG.md"] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path), &mut found);
    }
    found
}

#[tokio::test]
async fn every_setting_that_a_document_names_exists() {
    let known = known().await;
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    for (path, text) in texts() {
        for (at, _) in text.match_indices("PARLOR_") {
            let rest = &text[at..];
            let name = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
            // `PARLOR_TEST_…`, `PARLOR_SIM_…` are the tests' own; a name that
            // ends so stands for several.
            let is_own = ["PARLOR_TEST_", "PARLOR_SIM_"].iter().any(|own| name.starts_with(own));
            let base = name.strip_suffix("_FILE").unwrap_or(name);
            let stands_for_several = name.ends_with('_');
            assert!(
                is_own || stands_for_several || known.contains(base) || known.contains(name),
                "{}: {name} is no setting",
                path.display()
            );
        }
    }
}
