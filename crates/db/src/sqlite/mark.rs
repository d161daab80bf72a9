//! A small file next to the database that bears witness to it: up to where the
//! database has come, and which file it is.
//!
//! A database file that was put back from a backup looks like any other. The
//! mark is not in the backup, or is another file than it says it is, or knows
//! of a position that the database lacks, or is of a later start; each of
//! them says that clients may have seen what is gone.
//!
//! It is written after each commit that gave a position, before anybody hears
//! of that: some 40 bytes into the page cache, without a sync. A process that
//! is killed loses nothing of it. A machine that loses its power may lose the
//! last seconds, and then the mark knows less than the database, which is
//! all right.

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::UNIX_EPOCH,
};

use crate::life::Place;
use parlor_domain::{RoomKey, Seq};

/// What stands in a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Of one start of the server; also the end of the file's name.
    pub token: String,
    /// Counts the starts: of two marks, which is the later one.
    pub start: u64,
    /// The file that it was made as, by inode and time of birth.
    file: FileId,
    /// The database knows of it. One that was only prepared means nothing.
    pub is_used: bool,
    /// The last position that was given.
    pub newest: Option<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId {
    inode: u64,
    /// Nanoseconds; 0 where the file system does not keep it.
    born: u128,
}

impl From<&Metadata> for FileId {
    fn from(metadata: &Metadata) -> Self {
        let born = metadata.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
        Self { inode: metadata.ino(), born: born.map_or(0, |born| born.as_nanos()) }
    }
}

/// A mark as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub mark: Mark,
    /// It is the file that it was made as, and not a copy.
    pub is_original: bool,
    path: PathBuf,
}

impl Mark {
    /// One line; always as long, so that it is written over in one piece.
    fn line(&self) -> String {
        let Self { token, start, file: FileId { inode, born }, is_used, newest } = self;
        let (timeline, seq) = newest.map_or((0, 0), |(timeline, seq)| (timeline.0, seq.0));
        let used = u8::from(*is_used);
        format!(
            "parlor-mark {token} {start:020} {inode:020} {born:039} {used} {timeline:020} {seq:020}\n"
        )
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_suffix('\n')?.split(' ');
        if words.next()? != "parlor-mark" {
            return None;
        }
        let token = words.next()?.to_owned();
        let start = words.next()?.parse().ok()?;
        let file = FileId { inode: words.next()?.parse().ok()?, born: words.next()?.parse().ok()? };
        let is_used = words.next()? == "1";
        let place = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let newest = (place.0 != 0).then_some((RoomKey(place.0), Seq(place.1)));
        words.next().is_none().then_some(Self { token, start, file, is_used, newest })
    }
}

#[cfg(test)]
impl Found {
    /// An original for tests.
    pub fn sample(token: &str, start: u64, is_used: bool) -> Self {
        let file = FileId { inode: 1, born: 1 };
        let mark = Mark { token: token.to_owned(), start, file, is_used, newest: None };
        Self { mark, is_original: true, path: PathBuf::new() }
    }
}

/// What the names of a database's marks begin with.
fn prefix_of(database: &Path) -> Option<(PathBuf, String)> {
    let name = database.file_name()?.to_string_lossy();
    let parent = database.parent().filter(|parent| !parent.as_os_str().is_empty());
    Some((parent.unwrap_or(Path::new(".")).to_owned(), format!("{name}.mark-")))
}

/// All marks beside a database. What cannot be read as one is left out: a
/// database without a mark is taken for a restored one.
pub(crate) fn find(database: &Path) -> io::Result<Vec<Found>> {
    let Some((directory, prefix)) = prefix_of(database) else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(token) = name.strip_prefix(&prefix) else { continue };
        let path = entry.path();
        let mark = std::fs::read_to_string(&path).ok().and_then(|line| Mark::parse(&line));
        if let Some(mark) = mark.filter(|mark| mark.token == token) {
            let is_original = FileId::from(&entry.metadata()?) == mark.file;
            all.push(Found { mark, is_original, path });
        }
    }
    Ok(all)
}

/// The marks of earlier starts are needed no more.
pub(crate) fn remove(found: &[Found]) {
    for Found { path, .. } in found {
        if let Err(error) = std::fs::remove_file(path) {
            log::warn!("cannot remove {}: {error}", path.display());
        }
    }
}

/// The mark that is being written.
#[derive(Debug)]
pub(crate) struct Marker {
    file: File,
    mark: Mark,
    /// It was said that it cannot be written.
    is_failing: AtomicBool,
}

impl Marker {
    /// Makes a mark, on disk before anything else is done.
    pub fn prepare(database: &Path, start: u64) -> io::Result<Self> {
        let token = format!("{:016x}", rand::random::<u64>());
        let (directory, prefix) = prefix_of(database).ok_or(io::ErrorKind::InvalidInput)?;
        let mut file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(directory.join(format!("{prefix}{token}")))?;
        let id = FileId::from(&file.metadata()?);
        let mark = Mark { token, start, file: id, is_used: false, newest: None };
        file.write_all(mark.line().as_bytes())?;
        file.sync_all()?;
        File::open(directory)?.sync_all()?;
        Ok(Self { file, mark, is_failing: AtomicBool::new(false) })
    }

    pub fn token(&self) -> &str {
        &self.mark.token
    }

    /// The database knows of it.
    pub fn used(&mut self) -> io::Result<()> {
        self.mark.is_used = true;
        self.file.write_all_at(self.mark.line().as_bytes(), 0)
    }

    /// The database has come up to there. If that cannot be written the
    /// messages go on; only a restore would be noticed less surely.
    pub fn came_to(&self, place: Place) {
        let mark = Mark { newest: Some(place), ..self.mark.clone() };
        match self.file.write_all_at(mark.line().as_bytes(), 0) {
            Ok(()) => self.is_failing.store(false, Ordering::Relaxed),
            Err(error) => {
                if !self.is_failing.swap(true, Ordering::Relaxed) {
                    log::error!("the mark file next to the database cannot be written: {error}");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_as_it_was_written_and_a_copy_is_known() {
        let dir = tempfile::tempdir().expect("a directory");
        let database = dir.path().join("x.db");
        let mut marker = Marker::prepare(&database, 7).expect("it can be made");
        let found = find(&database).expect("it can be read");
        assert_eq!((found.len(), found[0].mark.is_used, found[0].mark.newest), (1, false, None));
        marker.used().expect("it can be written");
        marker.came_to((RoomKey(-3), Seq(1_042)));
        let found = find(&database).expect("it can be read");
        assert!(found[0].is_original && found[0].mark.is_used);
        assert_eq!(found[0].mark.newest, Some((RoomKey(-3), Seq(1_042))));
        assert_eq!(found[0].mark.start, 7);

        let (name, kept) = (found[0].path.clone(), dir.path().join("kept"));
        std::fs::copy(&name, &kept).expect("it can be copied");
        std::fs::remove_file(&name).expect("it can be removed");
        std::fs::rename(&kept, &name).expect("it can be put back");
        assert!(!find(&database).expect("it can be read")[0].is_original);
    }

    #[test]
    fn what_is_no_mark_is_none() {
        for line in ["", "\n", "parlor-mark", "parlor-mark a 1 1 1 1 1\n", "other a 1 1 1 1 1 1\n"]
        {
            assert_eq!(Mark::parse(line), None, "{line:?}");
        }
        let mark = Mark {
            token: "t".to_owned(),
            start: u64::MAX,
            file: FileId { inode: u64::MAX, born: u128::MAX },
            is_used: true,
            newest: Some((RoomKey(i64::MIN), Seq(i64::MAX))),
        };
        assert_eq!(Mark::parse(&mark.line()), Some(mark));
    }
}
