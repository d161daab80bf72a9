//! Where a server keeps its data that is to leave nothing behind.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

const PREFIX: &str = "parlor-dev-";
/// A file that is locked for as long as somebody uses the directory; the system lets
/// go of it whatever ends the process.
const LOCK: &str = "in-use";
/// How often removing is tried: threads that end may still write.
const TRIES: usize = 5;

/// A directory that only its owner may enter; removed when dropped.
pub(super) struct Home {
    path: PathBuf,
    _held: File,
}

impl Home {
    /// A new one. What runs that were killed have left is removed.
    pub fn make() -> io::Result<Self> {
        Self::make_in(&std::env::temp_dir())
    }

    fn make_in(parent: &Path) -> io::Result<Self> {
        let path = parent.join(format!("{PREFIX}{:016x}", rand::random::<u64>()));
        DirBuilder::new().mode(0o700).create(&path)?;
        let held = hold(&path).inspect_err(|_| remove(&path))?;
        let home = Self { path, _held: held };
        home.remove_others(parent);
        Ok(home)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn remove(&self) {
        remove(&self.path);
    }

    fn remove_others(&self, parent: &Path) {
        let Ok(owner) = fs::symlink_metadata(&self.path).map(|own| own.uid()) else { return };
        let Ok(entries) = fs::read_dir(parent) else { return };
        for entry in entries.flatten() {
            let is_named_so = entry.file_name().to_string_lossy().starts_with(PREFIX);
            if is_named_so && let Ok(Some(_held)) = left(&entry.path(), owner) {
                remove(&entry.path());
            }
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.remove();
    }
}

/// It gets its name when it is locked: who finds it free may remove everything.
fn hold(home: &Path) -> io::Result<File> {
    let draft = home.join("new");
    let held = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    held.try_lock()?;
    fs::rename(&draft, home.join(LOCK))?;
    Ok(held)
}

/// The lock of a directory that certainly is such a one, of the same owner, and that
/// nobody uses any more. In a directory of all users others may have made anything.
fn left(path: &Path, owner: u32) -> io::Result<Option<File>> {
    let (home, lock) = (fs::symlink_metadata(path)?, path.join(LOCK));
    let is_own = home.is_dir() && home.uid() == owner && home.mode() & 0o077 == 0;
    if !is_own || !fs::symlink_metadata(&lock)?.is_file() {
        return Ok(None);
    }
    let lock = File::open(lock)?;
    Ok(lock.try_lock().is_ok().then_some(lock))
}

fn remove(path: &Path) {
    let mut tries = 1;
    loop {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && tries < TRIES => {
                tries += 1;
            }
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return log::warn!("cannot remove {}: {error}", path.display());
            }
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn directory() -> tempfile::TempDir {
        tempfile::tempdir().expect("a directory")
    }

    #[test]
    fn nobody_else_may_enter_and_nothing_is_left() {
        let parent = directory();
        let home = Home::make_in(parent.path()).expect("made");
        let mode = fs::metadata(home.path()).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        fs::create_dir_all(home.path().join("attachments/a")).expect("made");
        fs::write(home.path().join("attachments/a/b"), "x").expect("written");
        drop(home);
        assert_eq!(fs::read_dir(parent.path()).expect("there").count(), 0);
    }

    #[test]
    fn what_a_killed_run_has_left_is_removed_and_nothing_else() {
        let (parent, elsewhere) = (directory(), directory());
        let place = |name: &str| parent.path().join(format!("{PREFIX}{name}"));
        let make = |name: &str, mode| {
            DirBuilder::new().mode(mode).create(place(name)).expect("made");
            hold(&place(name)).expect("locked")
        };
        drop(make("left", 0o700));
        let in_use = make("in-use", 0o700);
        drop(make("open-to-others", 0o755));
        DirBuilder::new().mode(0o700).create(place("no-lock")).expect("made");
        fs::write(elsewhere.path().join(LOCK), "").expect("written");
        symlink(elsewhere.path(), place("link")).expect("linked");
        fs::write(place("file"), "").expect("written");
        let home = Home::make_in(parent.path()).expect("made");
        for (name, is_there) in [
            ("left", false),
            ("in-use", true),
            ("open-to-others", true),
            ("no-lock", true),
            ("link", true),
            ("file", true),
        ] {
            assert_eq!(place(name).exists(), is_there, "{name}");
        }
        assert!(elsewhere.path().join(LOCK).exists() && home.path().exists());
        drop(in_use);
    }
}
