//! The secret for signing tokens.

use std::{
    fmt, fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;

/// At least as long as the hash (RFC 7518 section 3.2).
const BYTES_MIN: usize = 32;
const FILE: &str = "jwt.secret";

/// The signing secret. It is never shown, also not in debug output.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why there is no secret. Its text is one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("a signing secret needs at least 32 bytes")]
    TooShort,
    #[error("the signing secret in {path} needs at least 32 bytes")]
    FileTooShort { path: PathBuf },
    #[error(
        "there is no signing secret at {path}: start a server with this data directory once, or \
         set JWT_SECRET or --data-dir"
    )]
    NotThere { path: PathBuf },
    #[error("cannot use the signing secret {path}: {cause}")]
    File { path: PathBuf, cause: io::Error },
}

impl Secret {
    /// A secret that the operator chose.
    pub fn new(text: &str) -> Result<Self, SecretError> {
        if text.len() < BYTES_MIN {
            return Err(SecretError::TooShort);
        }
        Ok(Self(text.as_bytes().to_vec()))
    }

    /// The secret kept in the data directory; made there on first use, for
    /// the owner of the process only.
    pub fn load_or_make(data_dir: &Path) -> Result<Self, SecretError> {
        let path = data_dir.join(FILE);
        match load_or_make(data_dir, &path) {
            Ok(text) => Self::new(text.trim()).map_err(|_| SecretError::FileTooShort { path }),
            Err(cause) => Err(SecretError::File { path, cause }),
        }
    }

    /// The secret kept in the data directory, which a server has made there.
    pub fn load(data_dir: &Path) -> Result<Self, SecretError> {
        let path = data_dir.join(FILE);
        match fs::exists(&path) {
            Ok(true) => Self::load_or_make(data_dir),
            Ok(false) => Err(SecretError::NotThere { path }),
            Err(cause) => Err(SecretError::File { path, cause }),
        }
    }

    /// One that nothing was or will be signed with.
    pub fn of_nobody() -> Self {
        Self(rand::random::<[u8; BYTES_MIN]>().to_vec())
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A key for one purpose alone, so that nothing signed for another is ever taken for
    /// what it signs: HMAC as the function that derives it (NIST SP 800-108).
    pub fn key_for(&self, purpose: &str) -> Vec<u8> {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        hmac::sign(&secret, purpose.as_bytes()).as_ref().to_vec()
    }
}

fn load_or_make(data_dir: &Path, path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
        Ok(text) => {
            warn_if_open_to_others(path)?;
            return Ok(text);
        }
    }
    let text = URL_SAFE_NO_PAD.encode(rand::random::<[u8; BYTES_MIN]>());
    // Whole or not at all: written beside under a name of its own (process
    // ids repeat in containers), then linked to its name, which fails if
    // another process was faster.
    let draft = data_dir.join(format!("{FILE}.{:016x}", rand::random::<u64>()));
    let linked = write_draft(&draft, &text).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::read_to_string(path),
        Err(error) => Err(error),
        Ok(()) => {
            removed?;
            // Without this a crash could take the name away again, and with
            // it every token that was signed until then.
            fs::File::open(data_dir)?.sync_all()?;
            Ok(text)
        }
    }
}

fn write_draft(draft: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn warn_if_open_to_others(path: &Path) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let path = path.display();
        log::warn!(
            "other users can read the signing secret {path} (mode {mode:o}): change it to 600"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_only_its_owner_can_read_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let first = Secret::load_or_make(dir.path()).expect("made");
        let second = Secret::load_or_make(dir.path()).expect("read");
        assert_eq!(first.as_bytes(), second.as_bytes());
        let mode = fs::metadata(dir.path().join(FILE)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).expect("there").count(), 1, "no draft is left");
    }

    #[test]
    fn looking_for_a_secret_makes_none() {
        let dir = tempfile::tempdir().expect("a directory");
        let refused = Secret::load(dir.path());
        assert!(matches!(refused, Err(SecretError::NotThere { .. })));
        assert_eq!(fs::read_dir(dir.path()).expect("there").count(), 0);
    }

    #[test]
    fn many_who_start_at_once_get_the_same_secret() {
        let dir = tempfile::tempdir().expect("a directory");
        let load = || Secret::load_or_make(dir.path()).expect("a secret").0;
        let secrets: Vec<_> = std::thread::scope(|scope| {
            let loads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            loads.into_iter().map(|load| load.join().expect("no panic")).collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
        assert_eq!(fs::read_dir(dir.path()).expect("there").count(), 1, "no draft is left");
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(matches!(Secret::new("short"), Err(SecretError::TooShort)));
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(dir.path().join(FILE), "short").expect("written");
        let refused = Secret::load_or_make(dir.path());
        assert!(matches!(refused, Err(SecretError::FileTooShort { .. })));
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = Secret::new(&"s".repeat(32)).expect("long enough");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
