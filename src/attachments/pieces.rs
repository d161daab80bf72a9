//! Removes partial files of uploads that were interrupted by a crash.
//!
//! In a directory, a file is written next to its final place, under its name
//! with `#` and a number, and renamed when it is complete. Nothing else has
//! such a name.

use std::{
    fs, io,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use parlor_domain::Timestamp;

/// Blocking: removes the pieces below a directory that have not been written
/// to since a time; says how many there were.
pub(super) fn remove(directory: &Path, before: Timestamp) -> io::Result<usize> {
    let before = Duration::from_millis(u64::try_from(before.0).unwrap_or(0));
    let before = UNIX_EPOCH + before;
    let mut removed = 0;
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                directories.push(entry.path());
            } else if is_piece(&entry.file_name().to_string_lossy()) && is_older(&entry, before) {
                fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// Sixteen hexadecimal digits, `#`, and a number.
fn is_piece(name: &str) -> bool {
    name.split_once('#').is_some_and(|(id, number)| {
        id.len() == 16
            && id.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_older(entry: &fs::DirEntry, before: SystemTime) -> bool {
    let written = entry.metadata().and_then(|metadata| metadata.modified());
    written.is_ok_and(|written| written < before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the time of files is this machine's")]
    fn old_pieces_go_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a directory");
        let below = dir.path().join("files/0a");
        fs::create_dir_all(&below).expect("made");
        for name in ["0a0000000000000b#1", "0a0000000000000b", "notes#1", "0a0000000000000b#x"] {
            fs::write(below.join(name), "x").expect("written");
        }
        let soon = SystemTime::now() + Duration::from_secs(60);
        let soon = soon.duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        assert_eq!(remove(dir.path(), Timestamp(0)).expect("looked at"), 0);
        let soon = Timestamp(i64::try_from(soon).expect("small"));
        assert_eq!(remove(dir.path(), soon).expect("looked at"), 1);
        assert!(!below.join("0a0000000000000b#1").exists());
        assert!(below.join("0a0000000000000b").exists() && below.join("notes#1").exists());
    }
}
