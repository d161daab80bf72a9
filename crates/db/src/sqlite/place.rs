//! Whether the file that was opened is still the one at its path.
//!
//! A file that was deleted or replaced goes on existing for who has it open:
//! commits succeed, and are gone with the process. So nothing is acknowledged
//! that did not go into the file at the path.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// Device and inode: what a file is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|found| Self(found.dev(), found.ino()))
    }
}

/// The files of an open database; clones watch the same ones.
#[derive(Clone, Debug)]
pub(crate) struct Place(Arc<Files>);

#[derive(Debug)]
struct Files {
    database: PathBuf,
    opened: Option<Identity>,
    log: PathBuf,
    /// The write-ahead log, once there is one. It stays for as long as a
    /// connection is open.
    log_opened: OnceLock<Identity>,
    /// It has been logged that they are gone.
    is_logged: AtomicBool,
}

impl Place {
    /// Of a database that has just been opened.
    pub fn of(database: &Path) -> Self {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        Self(Arc::new(Files {
            database: database.to_owned(),
            opened: Identity::of(database),
            log: log.into(),
            log_opened: OnceLock::new(),
            is_logged: AtomicBool::new(false),
        }))
    }

    /// Two looks at the file system, some 1 µs each.
    pub fn is_kept(&self) -> bool {
        let files = &self.0;
        let log = Identity::of(&files.log);
        let log_is_kept = match (files.log_opened.get(), log) {
            (Some(opened), log) => log == Some(*opened),
            (None, Some(log)) => *files.log_opened.get_or_init(|| log) == log,
            (None, None) => true,
        };
        let is_kept = log_is_kept && Identity::of(&files.database) == files.opened;
        if !is_kept && !files.is_logged.swap(true, Ordering::Relaxed) {
            log::error!(
                "the database {} was deleted or replaced while it is in use: nothing is written \
                 any more; put it back, or start the server again",
                files.database.display()
            );
        } else if is_kept && files.is_logged.swap(false, Ordering::Relaxed) {
            log::info!("the database {} is back in its place", files.database.display());
        }
        is_kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_moved_deleted_or_replaced_is_not_kept() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = |name: &str| dir.path().join(name);
        fs::write(path("x.db"), "one").expect("written");
        let place = Place::of(&path("x.db"));
        assert!(place.is_kept());
        fs::rename(path("x.db"), path("y.db")).expect("moved");
        assert!(!place.is_kept());
        fs::write(path("x.db"), "another").expect("written");
        assert!(!place.is_kept());
        fs::rename(path("y.db"), path("x.db")).expect("moved back");
        assert!(place.is_kept());
        fs::write(path("x.db-wal"), "log").expect("written");
        assert!(place.is_kept());
        fs::remove_file(path("x.db-wal")).expect("deleted");
        assert!(!place.is_kept());
    }
}
