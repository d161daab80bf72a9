//! `parlor import --url`: sends the lines to a server that runs, some at a time, and
//! before them the files that are wanted of their messages.

mod parts;
mod uploads;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use serde_json::{Value, value::RawValue};
use tokio::runtime::Runtime;

use super::{
    super::{Failure, progress::Progress, runtime, server_at},
    header,
    lines::{Lines, Text},
    open,
    report::Report,
    sources::Sources,
    stopped, unread,
};
use crate::{
    cli::IMPORT_TOKEN,
    db::Tally,
    remote::{Effort, Server},
};
use parlor_domain::{
    archive::Attachment,
    limits::{
        IMPORT_CHUNK_FILES, IMPORT_CHUNK_LINES, IMPORT_CHUNK_OTHERS, IMPORT_SENT_BYTES,
        IMPORT_TIMEOUT, IMPORT_TRIES,
    },
};
use parts::{Answer, Count, Problem, Request};

/// How a server says that a message is not there, and its files are to be uploaded first.
const NOT_UPLOADED: &str = "not_uploaded";

/// Whatever it takes: an import has nobody waiting for it.
const EFFORT: Effort =
    Effort { timeout: IMPORT_TIMEOUT, tries: IMPORT_TRIES, patience: Duration::MAX };

/// Sends a file. What is interrupted goes on when it is run again, because the server
/// takes nothing twice.
pub(super) fn import(
    file: &Path,
    url: &str,
    is_strict: bool,
    sources: Sources,
) -> Result<(), Failure> {
    let server = server_at(url, IMPORT_TOKEN, EFFORT)?;
    let unread = |error| unread(file, error);
    let (from, bytes) = open(file).map_err(unread)?;
    let mut lines = Lines::new(from);
    let (_, first) = header(lines.next().map_err(unread)?)?;
    let mut import = Import {
        server,
        sources,
        runtime: runtime()?,
        is_strict,
        chunk: Chunk::new(&first)?,
        report: Report::default(),
        progress: Progress::new(bytes),
    };
    while let Some(text) = lines.next().map_err(unread)? {
        import.take(lines.number, text)?;
        import.progress.at(lines.bytes, lines.number);
    }
    import.send()?;
    import.progress.clear();
    import.report.end(false)
}

/// Lines that are sent together: the file's first one, and some others.
struct Chunk {
    lines: Vec<Box<RawValue>>,
    /// Of all but the first one.
    numbers: Vec<u64>,
    /// How many of them are no messages.
    others: usize,
    bytes: usize,
    /// What is to be uploaded if it is wanted, by the place of the line.
    files: BTreeMap<usize, Vec<Attachment>>,
}

impl Chunk {
    fn new(header: &str) -> Result<Self, Failure> {
        let header = RawValue::from_string(header.trim().to_owned());
        let lines = vec![header.map_err(Failure::environment)?];
        Ok(Self { lines, numbers: Vec::new(), others: 0, bytes: 0, files: BTreeMap::new() })
    }

    fn push(&mut self, number: u64, Sound { line, is_message, files }: Sound) {
        if !files.is_empty() {
            self.files.insert(self.lines.len(), files);
        }
        self.bytes += line.get().len();
        self.others += usize::from(!is_message);
        self.lines.push(line);
        self.numbers.push(number);
    }

    fn is_full(&self) -> bool {
        self.lines.len() >= IMPORT_CHUNK_LINES
            || self.others >= IMPORT_CHUNK_OTHERS
            || self.bytes >= IMPORT_SENT_BYTES
            || self.files.values().map(Vec::len).sum::<usize>() >= IMPORT_CHUNK_FILES
    }

    fn clear(&mut self) {
        self.lines.truncate(1);
        self.numbers.clear();
        self.files.clear();
        (self.others, self.bytes) = (0, 0);
    }
}

struct Import {
    server: Server,
    sources: Sources,
    runtime: Runtime,
    is_strict: bool,
    chunk: Chunk,
    report: Report,
    progress: Progress,
}

impl Import {
    fn take(&mut self, number: u64, text: Text) -> Result<(), Failure> {
        let text = match text {
            Ok(text) => text,
            Err(what) => return self.refuse(number, "invalid_line", &format!("the line {what}")),
        };
        match sound(text.trim()) {
            Ok(sound) => self.chunk.push(number, sound),
            Err(error) => {
                let what = format!("a line must be JSON: {error}");
                return self.refuse(number, "invalid_message", &what);
            }
        }
        if self.chunk.is_full() { self.send() } else { Ok(()) }
    }

    fn refuse(&mut self, number: u64, code: &str, what: &str) -> Result<(), Failure> {
        self.progress.clear();
        self.report.refuse(number, code, what)?;
        self.go_on()
    }

    /// Sends what there is, until the server has taken it.
    fn send(&mut self) -> Result<(), Failure> {
        if self.chunk.numbers.is_empty() {
            return Ok(());
        }
        let told = self.upload()?;
        let mut answer = self.ask(false)?;
        answer.problems.retain(|one| one.code != NOT_UPLOADED || !told.contains(&one.line));
        let told: Vec<_> = answer.problems.into_iter().map(|one| self.located(one)).collect();
        if !told.is_empty() {
            self.progress.clear();
        }
        let counts = answer.counts.into_iter().map(|count| {
            let Count { kind, imported, present, left_out } = count;
            (kind, Tally { imported, present, left_out })
        });
        self.report.add_told(counts, answer.invalid, &told)?;
        self.chunk.clear();
        match answer.stored {
            true => self.go_on(),
            false => Err(stopped()),
        }
    }

    fn ask(&self, dry_run: bool) -> Result<Answer, Failure> {
        let request = Request { lines: &self.chunk.lines, strict: self.is_strict, dry_run };
        self.runtime.block_on(request.send(&self.server))
    }

    /// Uploads the files of the messages that are not there yet, and gives the lines of
    /// which any was left out. A message of which nothing is left without them is left
    /// out by the server.
    fn upload(&mut self) -> Result<BTreeSet<u64>, Failure> {
        let mut told = BTreeSet::new();
        let mut files = std::mem::take(&mut self.chunk.files);
        if files.is_empty() {
            return Ok(told);
        }
        let wanted = self.ask(true)?.problems.into_iter().filter(|one| one.code == NOT_UPLOADED);
        for problem in wanted {
            let place = usize::try_from(problem.line).ok().and_then(|line| line.checked_sub(1));
            let Some((place, files)) = place.and_then(|place| files.remove_entry(&place)) else {
                continue;
            };
            let mut named = Vec::with_capacity(files.len());
            for file in files {
                let upload = match file.upload {
                    Some(upload) => Ok(upload),
                    None => {
                        let upload = uploads::upload(&self.server, &self.sources, &file);
                        self.runtime.block_on(upload)?
                    }
                };
                match upload {
                    Ok(upload) => named.push(serde_json::json!({"upload": upload})),
                    Err(left_out) => {
                        told.insert(problem.line);
                        self.progress.clear();
                        let number = self.chunk.numbers[place - 1];
                        self.report.leave_out_part(
                            number,
                            left_out.code,
                            &left_out.shown(&file),
                        )?;
                        self.go_on()?;
                    }
                }
            }
            if !named.is_empty() {
                let line = renamed(&self.chunk.lines[place], named);
                self.chunk.lines[place] = line.map_err(Failure::environment)?;
            }
        }
        Ok(told)
    }

    /// A problem with the number that its line has in the file.
    fn located(&self, Problem { line, code, message }: Problem) -> (u64, String, String) {
        let place = usize::try_from(line).ok().and_then(|line| line.checked_sub(2));
        let number = place.and_then(|place| self.chunk.numbers.get(place)).copied();
        (number.unwrap_or(line), code, message)
    }

    /// Unless something was left out, and nothing may be.
    fn go_on(&self) -> Result<(), Failure> {
        match self.is_strict && self.report.has_problems() {
            false => Ok(()),
            true => Err(stopped()),
        }
    }
}

/// A line that the server can read in the request, as deep as it is there.
struct Sound {
    line: Box<RawValue>,
    is_message: bool,
    /// Its attachments, if any of them is to be uploaded.
    files: Vec<Attachment>,
}

/// One that the server cannot read would have all others refused.
fn sound(text: &str) -> Result<Sound, serde_json::Error> {
    let mut inside = serde_json::from_str::<Value>(&format!("[[{text}]]"))?;
    let mut line = inside.pointer_mut("/0/0").map(Value::take).unwrap_or_default();
    let is_message = line["type"] == "message";
    let files = line.get_mut("attachments").map(Value::take).unwrap_or_default();
    // What is wrong with them the server says.
    let mut files: Vec<Attachment> = serde_json::from_value(files).unwrap_or_default();
    if !is_message || files.iter().all(|file| file.upload.is_some()) {
        files.clear();
    }
    Ok(Sound { line: RawValue::from_string(text.to_owned())?, is_message, files })
}

/// A message whose attachments are these.
fn renamed(line: &RawValue, attachments: Vec<Value>) -> Result<Box<RawValue>, serde_json::Error> {
    let mut line = serde_json::from_str::<Value>(line.get())?;
    line["attachments"] = Value::Array(attachments);
    serde_json::value::to_raw_value(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_the_server_could_not_read_is_found_before_it_is_sent() {
        let is_message = |text: &str| sound(text).map(|sound| sound.is_message).ok();
        assert_eq!(is_message(r#"{"type":"message","content":"\ud83d\ude00"}"#), Some(true));
        assert_eq!(is_message(r#"{"type":"user"}"#), Some(false));
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(126), "]".repeat(126));
        for bad in [r#"{"type":"message","content":"\ud83d"}"#, r#"{"a":1e999}"#, &deep, "", "1,2]"]
        {
            assert_eq!(is_message(bad), None, "{bad}");
        }
    }
}
