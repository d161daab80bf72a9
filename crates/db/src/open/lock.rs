//! One process at a time has the file.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use super::Refused;

/// Held for as long as a process has the database; the system lets go of it
/// whatever ends the process.
///
/// SQLite itself lets several processes write, but the readers of one server
/// would hear nothing of what another one commits. The lock is on a file of
/// its own, because where locks go over a network (NFS) one on the database
/// would be in the way of SQLite's.
#[derive(Debug)]
pub(crate) struct FileLock(#[expect(dead_code, reason = "held, not read")] File);

impl FileLock {
    pub fn take(database: &Path) -> Result<Self, Refused> {
        let path = path_of(database);
        let failed = |error: std::io::Error| Refused::Open(format!("{}: {error}", path.display()));
        let mut options = OpenOptions::new();
        let opened = options.create(true).read(true).write(true).truncate(false).open(&path);
        let mut file = opened.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Without it the refusal only says less.
                let _ = file.read_to_string(&mut holder);
                return Err(Refused::InUse(holder.trim().to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let named = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| writeln!(file, "{}", std::process::id()));
        named.map_err(failed)?;
        Ok(Self(file))
    }
}

fn path_of(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_one_is_refused_until_the_first_has_let_go() {
        let dir = tempfile::tempdir().expect("a directory");
        let database = dir.path().join("x.db");
        let held = FileLock::take(&database).expect("taken");
        let Err(Refused::InUse(holder)) = FileLock::take(&database) else {
            panic!("taken twice");
        };
        assert_eq!(holder, std::process::id().to_string());
        drop(held);
        assert!(FileLock::take(&database).is_ok());
    }
}
