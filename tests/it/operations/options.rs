//! `.env.example` and the command line name the same options.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::file;
use crate::support::run;

/// Read before the command line is: `RUST_LOG` by the logger, and how it
/// writes, so that a refusal is written as well.
const OF_THE_LOG: [&str; 2] = ["RUST_LOG", "PARLOR_LOG_FORMAT"];

/// Each variable of `parlor serve --help` and `parlor copy --help`, and its
/// default.
pub(super) async fn known() -> BTreeMap<String, Option<String>> {
    let serve = run(&["serve", "--help"]).await.stdout;
    let help = serve + &run(&["copy", "--help"]).await.stdout;
    let variables = help.split("[env: ").skip(1).map(|rest| {
        let (name, rest) = rest.split_once(']').expect("it is closed");
        let name = name.split('=').next().expect("a name").to_owned();
        let default = rest.trim_start().strip_prefix("[default: ");
        (name, default.and_then(|rest| Some(rest.split_once(']')?.0.to_owned())))
    });
    let known: BTreeMap<_, _> =
        variables.chain(OF_THE_LOG.map(|name| (name.to_owned(), None))).collect();
    assert!(known.len() > 60, "{known:?}");
    known
}

/// The variables of a file with lines `NAME=value`, and whether each is set.
fn named(text: &str) -> Vec<(String, String, bool)> {
    let line = |line: &str| {
        let (name, value) = line.trim_start_matches('#').split_once('=')?;
        let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let is_set = !line.starts_with('#');
        (!name.is_empty() && name.chars().all(is_name))
            .then(|| (name.to_owned(), value.to_owned(), is_set))
    };
    text.lines().filter_map(line).collect()
}

#[tokio::test]
async fn every_option_is_in_the_example_once_with_its_default() {
    let known = known().await;
    let example = named(&file(".env.example"));
    let names: BTreeSet<&str> = example.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names.len(), example.len(), "none is there twice");
    assert_eq!(names, known.keys().map(String::as_str).collect());
    for (name, value, _) in example.iter().filter(|(.., is_set)| *is_set) {
        if let Some(default) = &known[name] {
            assert_eq!(value, default, "{name}");
        }
        let optional = known[name].is_none() && !OF_THE_LOG.contains(&name.as_str());
        assert!(!optional, "{name} has no default, so it is not set");
    }
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
                is_own || stands_for_several || known.contains_key(base),
                "{}: {name} is no setting",
                path.display()
            );
        }
    }
}
