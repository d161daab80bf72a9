//! Commands that ask a server as its clients do.

use std::time::Duration;

/// How long one call of `parlor dev` to its own server may take: a first commit on a
/// slow disk.
pub const DEMO_TIMEOUT: Duration = Duration::from_secs(10);
/// For how long a token of `parlor dev` is valid, unless its server ends before.
pub const DEMO_TOKEN: Duration = Duration::from_secs(30 * 24 * 3600);
/// Bytes of an answer that says why a call was refused.
pub const ERROR_BYTES: usize = 16 * 1024;
