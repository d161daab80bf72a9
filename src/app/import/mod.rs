//! `parlor import`: stores the lines of an export or of another program, while no
//! server runs, or through one that does.

mod files;
mod lines;
mod remote;
mod report;
mod sources;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, stdin},
    path::{Path, PathBuf},
};

use self::{
    files::{Files, Unstored},
    lines::{Lines, Text},
    report::Report,
    sources::Sources,
};
use rustc_hash::FxHashMap;

use super::{Failure, progress::Progress};
use crate::{
    cli::ImportArgs,
    clock,
    config::{AttachmentConfig, StoreConfig},
    db::{ImportChunk, ImportInto, ImportMode, ImportedFile, Importer},
    protocol::read_line,
};
use parlor_domain::{
    AttachmentId,
    archive::{Header, Line},
    limits::{FILE_SENT_BYTES, IMPORT_BYTES, IMPORT_LINES},
};

pub(super) fn import(args: ImportArgs) -> Result<(), Failure> {
    let ImportArgs { file, url, dry_run, strict, files, private_urls, store, attachments, limits } =
        args;
    let folder = files.unwrap_or_else(|| file.parent().map(PathBuf::from).unwrap_or_default());
    if let Some(url) = url {
        return remote::import(
            &file,
            &url,
            strict,
            Sources::new(folder, private_urls, FILE_SENT_BYTES),
        );
    }
    let limits = limits.check()?;
    let store = StoreConfig::new(store)?;
    let attachments = AttachmentConfig::new(attachments, &store)?;
    let sources = Sources::new(folder, private_urls, limits.attachment_bytes);
    let mode = match (dry_run, strict) {
        (true, _) => ImportMode::Dry,
        (false, true) => ImportMode::Strict,
        (false, false) => ImportMode::Lenient,
    };
    let unread = |error| unread(&file, error);
    let (from, bytes) = open(&file).map_err(unread)?;
    let mut lines = Lines::new(from);
    let (header, _) = header(lines.next().map_err(unread)?)?;
    let mut import = Import {
        importer: Importer::open(&store.database, mode).map_err(Failure::environment)?,
        files: Files::new(sources, attachments)?,
        is_strict: strict,
        is_dry: dry_run,
        header,
        waiting: Vec::new(),
        waiting_bytes: 0,
        report: Report::default(),
        progress: Progress::new(bytes),
    };
    while let Some(text) = lines.next().map_err(unread)? {
        import.take(lines.number, text, limits.content_bytes)?;
        import.progress.at(lines.bytes, lines.number);
    }
    import.store()?;
    import.progress.clear();
    import.importer.finish().map_err(Failure::environment)?;
    import.report.end(dry_run)
}

fn unread(file: &Path, error: io::Error) -> Failure {
    Failure::environment(format!("cannot read {}: {error}", file.display()))
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

fn stopped() -> Failure {
    Failure::environment(
        "stopped at a line that cannot be imported whole: what was stored before it stays, and is \
         not stored twice when the file is imported again",
    )
}

/// What the first line says of the others, and how; without it nothing is known of them.
fn header(first: Option<Text>) -> Result<(Header, String), Failure> {
    let begins = r#"it must begin with a line such as {"type":"parlor","version":1}"#;
    let refused = |what: &str| Failure::environment(format!("line 1: {what}: {begins}"));
    match first {
        None => Err(refused("there is none")),
        Some(Err(what)) => Err(refused(what)),
        Some(Ok(text)) => match read_line(&text, 0) {
            Ok(Line::Parlor(header)) => Ok((header, text)),
            Ok(line) => Err(refused(&format!("it is a {}", line.kind()))),
            Err(refusal) => Err(refused(&refusal.message)),
        },
    }
}

/// An import under way.
struct Import {
    importer: Importer,
    files: Files,
    is_strict: bool,
    is_dry: bool,
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

    /// Says that a part of a line is left out.
    fn refuse_part(&mut self, number: u64, code: &str, what: &str) -> Result<(), Failure> {
        self.progress.clear();
        self.report.leave_out_part(number, code, what)?;
        self.go_on()
    }

    fn store(&mut self) -> Result<(), Failure> {
        let lines = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        let (message_ids, at) = (self.header.message_ids, clock::now());
        let none = ImportInto::Unused { files: FxHashMap::default() };
        let mut chunk = ImportChunk { lines, message_ids, at, into: none };
        chunk.into = ImportInto::Unused { files: self.store_files(&chunk)? };
        let imported = self.importer.import(&chunk).map_err(Failure::environment)?;
        if !imported.problems.is_empty() {
            self.progress.clear();
        }
        self.report.add(&imported)?;
        self.go_on()
    }

    /// Stores the files of the messages that are not there yet.
    fn store_files(
        &mut self,
        chunk: &ImportChunk,
    ) -> Result<FxHashMap<u64, Vec<ImportedFile>>, Failure> {
        let wanted = self.importer.wanted(chunk).map_err(Failure::environment)?;
        let mut files = FxHashMap::default();
        for (number, line) in &chunk.lines {
            let Line::Message(message) = line else { continue };
            if !wanted.contains(number) {
                continue;
            }
            let id = || AttachmentId(i64::from_be_bytes(rand::random()) & i64::MAX | 1);
            let ids: Vec<_> = message.attachments.iter().map(|_| id()).collect();
            self.importer.reserve(&ids, chunk.at).map_err(Failure::environment)?;
            let mut stored = Vec::with_capacity(ids.len());
            for (id, file) in ids.into_iter().zip(&message.attachments) {
                match self.files.take(id, file, self.is_dry) {
                    Ok(file) => stored.push(file),
                    Err(Unstored::LeftOut(left_out)) => {
                        self.refuse_part(*number, left_out.code, &left_out.shown(file))?;
                    }
                    // With the message it would be lost for good.
                    Err(Unstored::Away(error)) => return Err(Failure::environment(error)),
                }
            }
            files.insert(*number, stored);
        }
        Ok(files)
    }

    /// Unless something was left out, and nothing may be.
    fn go_on(&self) -> Result<(), Failure> {
        match self.is_strict && self.report.has_problems() {
            false => Ok(()),
            true => Err(stopped()),
        }
    }
}
