//! What a server with these settings needs on this machine.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use nix::sys::statvfs::statvfs;

use super::{findings::Findings, services};
use crate::config::{Config, ServeArgs};
use parlor_domain::limits::{CONNECTIONS_PER_WORKER, DISK_FREE};

/// Bytes that a secret has at least of different ones, if nobody made it up: all but a
/// few of 32 in hexadecimal digits have more.
const DIFFERENT_BYTES: usize = 10;
/// Words of secrets that somebody was to replace.
const MADE_UP: [&str; 5] = ["secret", "change", "password", "example", "parlor"];

pub(super) async fn look(args: ServeArgs, found: &mut Findings) {
    let chosen = args.store.jwt_secret.as_deref().filter(|secret| !secret.is_empty());
    let is_made_up = chosen.map(is_made_up);
    let config = match Config::looked_at(args) {
        Ok(config) => config,
        Err(error) => {
            return found.wrong(
                error.to_string(),
                "mend this setting: parlor serve --help says what it takes",
            );
        }
    };
    found.right("the settings can be used");
    open_files(&config, found);
    let data_dir = &config.store.data_dir;
    let is_there = data_dir.exists();
    match is_there {
        true => disk(data_dir, found),
        false => found.doubtful(
            format!("there is no data directory {}", data_dir.display()),
            "the first start makes it; if the server has run, look where it runs, or say \
             --data-dir",
        ),
    }
    match is_made_up {
        Some(true) => found.doubtful(
            "JWT_SECRET looks as if somebody had made it up",
            "take a random one (openssl rand -base64 48), and change it as docs/OPERATIONS.md says",
        ),
        Some(false) => found.right("JWT_SECRET is long enough, and looks random"),
        None if is_there => secret_file(&data_dir.join("jwt.secret"), found),
        None => {}
    }
    services::look(&config, found).await;
}

fn is_made_up(secret: &str) -> bool {
    let mut bytes: Vec<u8> = secret.bytes().collect();
    bytes.sort_unstable();
    bytes.dedup();
    let lower = secret.to_lowercase();
    bytes.len() < DIFFERENT_BYTES || MADE_UP.iter().any(|word| lower.contains(word))
}

/// Of whoever runs this, which a supervisor may have set otherwise for the server.
fn open_files(config: &Config, found: &mut Findings) {
    let wanted = (config.workers * CONNECTIONS_PER_WORKER) as u64;
    match rlimit::Resource::NOFILE.get_hard() {
        Ok(most) if most >= wanted => found.right(format!("{most} files may be open at once")),
        Ok(most) => found.doubtful(
            format!(
                "{most} files may be open at once, fewer than the {wanted} connections that \
                     {} worker threads take",
                config.workers
            ),
            "if so many are expected: LimitNOFILE in the unit, --ulimit nofile for a container",
        ),
        Err(error) => found.doubtful(
            format!("the limit on open files is not known: {error}"),
            "look at ulimit -Hn",
        ),
    }
}

fn disk(data_dir: &Path, found: &mut Findings) {
    let shown = data_dir.display();
    if let Err(error) = is_written(data_dir) {
        found.wrong(
            format!("nothing can be written to {shown}: {error}"),
            "run this as the user of the server, and see that the directory belongs to it",
        );
    }
    match statvfs(data_dir) {
        Ok(disk) => {
            // Both are of the platform's own size.
            #[allow(clippy::unnecessary_cast, reason = "they have other types elsewhere")]
            let free = disk.blocks_available() as u64 * disk.fragment_size() as u64;
            let what = format!("{} MiB are free on the disk of {shown}", free >> 20);
            match free < DISK_FREE {
                false => found.right(what),
                true => found.doubtful(what, "free space, or move the data to another disk"),
            }
        }
        Err(error) => {
            found.doubtful(format!("the free space of {shown} is not known: {error}"), "look at df")
        }
    }
}

/// Whether a file can be; it is gone again.
fn is_written(directory: &Path) -> io::Result<()> {
    let path = directory.join(format!(".probe-{:016x}", rand::random::<u64>()));
    OpenOptions::new().write(true).create_new(true).open(&path)?;
    fs::remove_file(path)
}

fn secret_file(path: &Path, found: &mut Findings) {
    let shown = path.display();
    match fs::metadata(path).map(|file| file.permissions().mode() & 0o777) {
        Ok(mode) if mode & 0o077 == 0 => found.right(format!("nobody else can read {shown}")),
        Ok(mode) => found.wrong(
            format!("others can read the signing secret {shown} (mode {mode:o})"),
            format!("chmod 600 {shown}; whoever may have read it can be anybody: make a new one"),
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            found.right(format!("the first start makes a signing secret, {shown}"));
        }
        Err(error) => found.wrong(
            format!("the signing secret {shown} cannot be read: {error}"),
            "run this as the user of the server",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_somebody_made_up_is_told_from_a_random_one() {
        for made_up in [
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "change-me-0123456789abcdefghijklmnopqrst",
            "My Application's Very Own Secret, 2026!!",
        ] {
            assert!(is_made_up(made_up), "{made_up}");
        }
        for random in [
            "Zk1W9xQe4sJmH0ybT7uVnRlP2cGf6aDoLi8tKjXhEwMzNgYv",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ] {
            assert!(!is_made_up(random), "{random}");
        }
    }
}
