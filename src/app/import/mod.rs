//! `parlor import`: stores the lines of an export or of another program, while no
//! server runs.

mod lines;
mod report;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, stdin},
    path::Path,
};

use self::{
    lines::{Lines, Text},
    report::Report,
};
use super::{Failure, progress::Progress};
use crate::{
    cli::ImportArgs,
    clock,
    config::StoreConfig,
    db::{ImportChunk, ImportMode, Importer},
    protocol::read_line,
};
use parlor_domain::{
    archive::{Header, Line},
    limits::{IMPORT_BYTES, IMPORT_LINES},
};

pub(super) fn import(args: ImportArgs) -> Result<(), Failure> {
    let ImportArgs { file, dry_run, strict, store, limits } = args;
    let content_bytes = limits.check()?.content_bytes;
    let store = StoreConfig::new(store)?;
    let mode = match (dry_run, strict) {
        (true, _) => ImportMode::Dry,
        (false, true) => ImportMode::Strict,
        (false, false) => ImportMode::Lenient,
    };
    let unread =
        |error: io::Error| Failure::environment(format!("cannot read {}: {error}", file.display()));
    let (from, bytes) = open(&file).map_err(unread)?;
    let mut lines = Lines::new(from);
    let header = header(lines.next().map_err(unread)?)?;
    let mut import = Import {
        importer: Importer::open(&store.database, mode).map_err(Failure::environment)?,
        is_strict: strict,
        header,
        waiting: Vec::new(),
        waiting_bytes: 0,
        report: Report::default(),
        progress: Progress::new(bytes),
    };
    while let Some(text) = lines.next().map_err(unread)? {
        import.take(lines.number, text, content_bytes)?;
        import.progress.at(lines.bytes, lines.number);
    }
    import.store()?;
    import.progress.clear();
    import.importer.finish().map_err(Failure::environment)?;
    import.report.end(dry_run)
}

/// A file's lines, and how many bytes they are if that is known.
fn open(file: &Path) -> io::Result<(Box<dyn BufRead>, Option<u64>)> {
    if file == Path::new("-") {
        return Ok((Box::new(stdin().lock()), None));
    }
    let opened = File::open(file)?;
    let bytes = opened.metadata().ok().filter(|found| found.is_file()).map(|found| found.len());
    Ok((Box::new(BufReader::new(opened)), bytes))
}

/// What the first line says of the others; without it nothing is known of them.
fn header(first: Option<Text>) -> Result<Header, Failure> {
    let begins = r#"it must begin with a line such as {"type":"parlor","version":1}"#;
    let refused = |what: &str| Failure::environment(format!("line 1: {what}: {begins}"));
    match first {
        None => Err(refused("there is none")),
        Some(Err(what)) => Err(refused(what)),
        Some(Ok(text)) => match read_line(&text, 0) {
            Ok(Line::Parlor(header)) => Ok(header),
            Ok(line) => Err(refused(&format!("it is a {}", line.kind()))),
            Err(refusal) => Err(refused(&refusal.message)),
        },
    }
}

/// An import under way.
struct Import {
    importer: Importer,
    is_strict: bool,
    header: Header,
    /// Lines that go in together.
    waiting: Vec<(u64, Line)>,
    waiting_bytes: usize,
    report: Report,
    progress: Progress,
}

impl Import {
    fn take(&mut self, number: u64, text: Text, content_bytes: usize) -> Result<(), Failure> {
        let bytes = text.as_ref().map_or(0, String::len);
        let line = match &text {
            Ok(text) => read_line(text, content_bytes),
            Err(what) => return self.refuse(number, "invalid_line", &format!("the line {what}")),
        };
        match line {
            Ok(Line::Parlor(_)) => {
                let what = "type must not be parlor: only the first line is";
                return self.refuse(number, "invalid_message", what);
            }
            Ok(line) => self.waiting.push((number, line)),
            Err(refusal) => return self.refuse(number, refusal.code.as_str(), &refusal.message),
        }
        self.waiting_bytes += bytes;
        match self.waiting.len() >= IMPORT_LINES || self.waiting_bytes >= IMPORT_BYTES {
            true => self.store(),
            false => Ok(()),
        }
    }

    fn refuse(&mut self, number: u64, code: &str, what: &str) -> Result<(), Failure> {
        self.progress.clear();
        self.report.refuse(number, code, what)?;
        self.go_on()
    }

    fn store(&mut self) -> Result<(), Failure> {
        let lines = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        let (message_ids, at) = (self.header.message_ids, clock::now());
        let chunk = ImportChunk { lines, message_ids, at };
        let imported = self.importer.import(&chunk).map_err(Failure::environment)?;
        if !imported.problems.is_empty() {
            self.progress.clear();
        }
        self.report.add(&imported)?;
        self.go_on()
    }

    /// Unless something was left out, and nothing may be.
    fn go_on(&self) -> Result<(), Failure> {
        match self.is_strict && self.report.has_problems() {
            false => Ok(()),
            true => Err(Failure::environment(
                "stopped at a line that cannot be imported whole: what was stored before it \
                 stays, and is not stored twice when the file is imported again",
            )),
        }
    }
}
