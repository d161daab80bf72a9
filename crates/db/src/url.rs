use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use super::postgres::PostgresUrl;

/// Which database. Shown without a password.
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    Postgres(PostgresUrl),
}

impl DatabaseUrl {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

/// Reads `sqlite:<file>` and `postgres://…`. The error is for the operator,
/// and does not repeat what was given: there may be a password in it.
impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return url.parse().map(Self::Postgres);
        }
        let path = url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
        let (path, parameters) = match path.and_then(|path| path.split_once('?')) {
            Some((path, parameters)) => (Some(path), parameters),
            None => (path, ""),
        };
        match path {
            // As sqlx and SQLAlchemy write it: read, write, and make the file.
            _ if !matches!(parameters, "" | "mode=rwc") => {
                Err("sqlite:<file> takes no parameter but ?mode=rwc".into())
            }
            Some(path) if !path.is_empty() && !path.starts_with(':') => {
                Ok(Self::Sqlite(PathBuf::from(path)))
            }
            _ => Err("it must be sqlite:<file> or postgres://user:password@host/database".into()),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_file_or_a_postgresql() {
        for (url, path) in [
            ("sqlite:./data/x.db", "./data/x.db"),
            ("sqlite:///var/lib/x.db", "/var/lib/x.db"),
            ("sqlite:/var/lib/x.db", "/var/lib/x.db"),
            ("sqlite:x.db?mode=rwc", "x.db"),
        ] {
            let parsed: DatabaseUrl = url.parse().expect(url);
            assert_eq!(parsed.file(), Some(Path::new(path)));
        }
        let parsed: DatabaseUrl = "postgres://me:pw@localhost/x".parse().expect("good");
        assert!(parsed.file().is_none());
        for url in [
            "mysql://localhost/x",
            "sqlite:",
            "sqlite::memory:",
            "x.db",
            "postgres:///",
            "sqlite:x?mode=ro",
            "sqlite:?mode=rwc",
        ] {
            assert!(url.parse::<DatabaseUrl>().is_err(), "{url}");
        }
    }
}
