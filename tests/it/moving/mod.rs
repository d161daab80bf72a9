//! `parlor export` and `parlor import`.

mod again;
mod converters;
mod lines;
mod round_trip;
mod running;
mod uploaded;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Finished, Server, TestDatabase, run_with};

/// A deployment that is stopped and started: a directory, and a database of this run's
/// kind.
struct Place {
    home: TempDir,
    url: String,
    _database: Option<TestDatabase>,
}

impl Place {
    fn new() -> Self {
        Self::on(TestDatabase::of_this_run())
    }

    /// One whose database is a file, if it is no other.
    fn on(database: Option<TestDatabase>) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let file = format!("sqlite:{}/parlor.db", home.path().display());
        let url = database.as_ref().map_or(file, TestDatabase::url);
        Self { home, url, _database: database }
    }

    async fn start(&self) -> Server {
        let builder = Server::builder().set("DATABASE_URL", &self.url);
        builder.set("PARLOR_DATA_DIR", self.home.path().display()).start().await
    }

    async fn run(&self, args: &[&str]) -> Finished {
        let data = self.home.path().display().to_string();
        let settings = [("DATABASE_URL", self.url.as_str()), ("PARLOR_DATA_DIR", data.as_str())];
        run_with(&self.home, args, &settings).await
    }

    async fn export(&self) -> String {
        let folder = self.files();
        let finished = self.run(&["export", "--files", &folder]).await;
        assert_eq!(finished.code, Some(0), "{finished:?}");
        finished.stdout
    }

    /// Where its attachments are exported to.
    fn files(&self) -> String {
        self.home.path().join("files").display().to_string()
    }

    /// Imports all that another one has exported.
    async fn import_all_of(&self, other: &Place, exported: &str) -> String {
        let finished = self.import(exported, &["--files", &other.files()]).await;
        assert_eq!(finished.code, Some(0), "{finished:?}");
        finished.stdout
    }

    /// Imports a text; `args` come before the file.
    async fn import(&self, text: &str, args: &[&str]) -> Finished {
        let file = self.home.path().join("import.jsonl");
        std::fs::write(&file, text).expect("it can be written");
        let file = file.display().to_string();
        self.run(&[&["import"], args, &[file.as_str()]].concat()).await
    }

    /// Imports all of a text.
    async fn imported(&self, text: &str) -> String {
        let finished = self.import(text, &[]).await;
        assert_eq!(finished.code, Some(0), "{finished:?}");
        finished.stdout
    }
}

/// Lines of JSON behind the one that each import begins with.
fn file(lines: &[Value]) -> String {
    let first = json!({"type": "parlor", "version": 1});
    std::iter::once(&first).chain(lines).map(|line| format!("{line}\n")).collect()
}

/// What a report says of a type of line: imported, present, left out.
fn told(stdout: &str, kind: &str) -> [u64; 3] {
    let line = stdout.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(' '));
    let line = line.unwrap_or_else(|| panic!("a line for {kind}: {stdout}"));
    let numbers: Vec<u64> =
        line.split_whitespace().map(|word| word.parse().expect("a number")).collect();
    numbers.try_into().expect("three numbers")
}

/// The problems that a report names: the line, and the code.
fn problems(stdout: &str) -> Vec<(u64, &str)> {
    stdout
        .lines()
        .filter_map(|line| {
            let (number, rest) = line.strip_prefix("line ")?.split_once(": ")?;
            Some((number.parse().ok()?, rest.split_once(':')?.0))
        })
        .collect()
}
