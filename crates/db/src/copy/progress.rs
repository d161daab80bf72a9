//! How far a table is.

use super::{
    checksum::Checksum,
    value::{self, Value},
};

/// How far the copy of one table is, as the target knows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Progress {
    /// The key of the last row that was copied.
    pub last_key: Option<Vec<Value>>,
    /// What was copied.
    pub copied: Checksum,
    /// NULs that were replaced.
    pub replaced: i64,
}

impl Progress {
    /// `None` if it is none that was stored so.
    pub fn stored(
        last_key: Option<&str>,
        copied: i64,
        checksum: &str,
        replaced: i64,
    ) -> Option<Self> {
        let last_key = match last_key {
            None => None,
            Some(key) => Some(value::key_from_json(key)?),
        };
        Some(Self { last_key, copied: Checksum::stored(copied, checksum)?, replaced })
    }

    pub fn last_key_json(&self) -> Option<String> {
        self.last_key.as_deref().map(value::key_to_json)
    }
}
