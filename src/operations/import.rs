//! Lines of an import, into a server that runs.

use parlor_domain::{
    Denied, Scope, UserId, UserRole,
    archive::{Header, Line},
    gives_rights,
    limits::{IMPORT_CHUNK_LINES, IMPORT_CHUNK_OTHERS},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    clock::now,
    db::{self, ImportChunk, ImportInto, ImportLive, ImportMode},
    protocol::{Refusal, Rules, read_json_line},
};

/// Stores users, rooms, members, messages, reactions and read marks. What is there stays
/// as it is, so that a request may be repeated.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ImportLines {
    /// Those of a file (docs/IMPORT.md): first one that says what the others are, and
    /// then what they name before them.
    #[schemars(with = "Vec<Map<String, Value>>", length(min = 2, max = IMPORT_CHUNK_LINES))]
    lines: Vec<Value>,
    /// Only to see what would come of it.
    #[serde(default)]
    dry_run: bool,
    /// Nothing is stored if anything has to be left out.
    #[serde(default)]
    strict: bool,
    #[serde(skip)]
    read: ReadLines,
}

/// The lines, as far as they can be read.
#[derive(Debug, Default)]
struct ReadLines {
    header: Option<Header>,
    /// With their numbers.
    lines: Vec<(u64, Line)>,
    problems: Vec<ImportProblemView>,
    /// Lines that are left out.
    refused: u64,
}

impl ReadLines {
    fn refuse(&mut self, line: u64, code: &'static str, message: String) {
        self.refused += 1;
        self.problems.push(ImportProblemView { line, code, message });
    }

    fn refuse_rights(&mut self) {
        let gives = |(_, line): &mut (u64, Line)| match line {
            Line::User(user) => user.roles.iter().any(|UserRole(role)| gives_rights(role)),
            _ => false,
        };
        let refused: Vec<_> = self.lines.extract_if(.., gives).collect();
        for (line, _) in refused {
            let what = "user.roles that give rights are for an administrator to import".to_owned();
            self.refuse(line, "forbidden", what);
        }
    }

    fn take(&mut self, line: u64, value: Value, content_bytes: usize) {
        let read = match read_json_line(value, content_bytes) {
            Ok(read) => read,
            Err(refusal) => return self.refuse(line, refusal.code.as_str(), refusal.message),
        };
        match read {
            Line::Parlor(_) => {
                let what = "type must not be parlor: only the first line is".to_owned();
                self.refuse(line, "invalid_message", what);
            }
            read => self.lines.push((line, read)),
        }
    }
}

impl ImportLines {
    /// Users whose tokens mean something else from now on.
    pub fn users(&self) -> Vec<UserId> {
        let ids = self.read.lines.iter().filter_map(|(_, line)| match line {
            Line::User(user) => Some(user.user_id.clone()),
            _ => None,
        });
        ids.collect()
    }
}

impl Operation for ImportLines {
    type Answer = ImportReport;
    type Place = Anywhere;

    /// All of them: REST looks after that.
    const SCOPES: &'static [Scope] = &[Scope::Users, Scope::Rooms, Scope::Messages];

    fn place(&self) {}

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        if !(2..=IMPORT_CHUNK_LINES).contains(&self.lines.len()) {
            let what = format!("must be a list of 2 to {IMPORT_CHUNK_LINES} lines");
            return Err(Refusal::field("lines", &what));
        }
        let mut lines = (1..).zip(std::mem::take(&mut self.lines));
        let header = lines.next().map(|(_, line)| read_json_line(line, 0));
        let Some(Ok(Line::Parlor(header))) = header else {
            let what = r#"must begin with a line such as {"type":"parlor","version":1}"#;
            return Err(Refusal::field("lines", what));
        };
        let mut read = ReadLines { header: Some(header), ..ReadLines::default() };
        for (number, line) in lines {
            read.take(number, line, rules.content_bytes);
        }
        let is_other = |(_, line): &&(u64, Line)| !matches!(line, Line::Message(_));
        if read.lines.iter().filter(is_other).count() > IMPORT_CHUNK_OTHERS {
            let what = format!("must have at most {IMPORT_CHUNK_OTHERS} that are no messages");
            return Err(Refusal::field("lines", &what));
        }
        self.read = read;
        Ok(())
    }

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        if from.is_admin { Ok(()) } else { Err(Denied::NotAdmin.into()) }
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Self { dry_run, strict, mut read, .. } = self;
        // Only who has all rights gives them to others.
        if !asked.from.grants {
            read.refuse_rights();
        }
        let ReadLines { header, lines, problems, refused } = read;
        let mode = match (dry_run, strict) {
            (true, _) => ImportMode::Dry,
            (false, true) if !problems.is_empty() => ImportMode::Dry,
            (false, true) => ImportMode::Strict,
            (false, false) => ImportMode::Lenient,
        };
        let (message_ids, at) = (header.unwrap_or(Header::OF_PARLOR).message_ids, now());
        let into = ImportInto::Running { by: asked.from.user.key };
        let chunk = ImportChunk { lines, message_ids, at, into };
        let write = ImportLive { chunk, mode };
        server.write_for(asked.reply, write, move |server, reply, done| {
            server.tell_imported(&done);
            server.answer(reply, Ok(ImportReport::of(&done, problems, refused)));
        });
    }
}

/// What came of the lines.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ImportReport {
    /// By the type of line.
    counts: Vec<ImportCountView>,
    /// What was left out, and why, in the order of the lines.
    problems: Vec<ImportProblemView>,
    /// Lines that say nothing that could be read.
    invalid: u64,
    /// False after a dry run, and where nothing was to be left out and something had to be.
    stored: bool,
}

/// What came of the lines of one type.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
struct ImportCountView {
    #[serde(rename = "type")]
    kind: &'static str,
    imported: u64,
    /// There already.
    present: u64,
    left_out: u64,
}

/// A line that was left out, or a field of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct ImportProblemView {
    /// Which of the lines; the first is 1.
    line: u64,
    /// Why, by its name in docs/IMPORT.md.
    code: &'static str,
    /// For a person.
    message: String,
}

impl ImportReport {
    fn of(done: &db::ImportedLive, mut problems: Vec<ImportProblemView>, invalid: u64) -> Self {
        let db::ImportedLive { imported, is_stored, .. } = done;
        let count = |(kind, tally): (&&'static str, &db::Tally)| {
            let db::Tally { imported, present, left_out } = *tally;
            ImportCountView { kind, imported, present, left_out }
        };
        problems.extend(imported.problems.iter().map(|problem| {
            let db::Problem { line, kind, field, why } = problem;
            let message = format!("{kind}.{field} {why}");
            ImportProblemView { line: *line, code: why.code(), message }
        }));
        problems.sort_by_key(|problem| problem.line);
        let some = imported.tallies.iter().filter(|(_, tally)| **tally != db::Tally::default());
        let counts = some.map(count).collect();
        Self { counts, problems, invalid, stored: *is_stored }
    }
}

impl Shown for ImportReport {
    type View<'a> = Self;

    fn view(&self) -> Self {
        self.clone()
    }
}
