//! Commands that ask a server as its clients do.

use std::time::Duration;

/// How long one call of `parlor dev` to its own server may take: a first commit on a
/// slow disk.
pub const DEMO_TIMEOUT: Duration = Duration::from_secs(10);
/// For how long a token of `parlor dev` is valid, unless its server ends before.
pub const DEMO_TOKEN: Duration = Duration::from_secs(30 * 24 * 3600);
/// Bytes of an answer that says why a call was refused.
pub const ERROR_BYTES: usize = 16 * 1024;
/// How long a command waits before it asks a server again that could not answer, and
/// each time twice as long.
pub const REMOTE_AGAIN: Duration = Duration::from_millis(500);
/// The longest that it waits, whatever the server says.
pub const REMOTE_PATIENCE: Duration = Duration::from_secs(60);
/// How long one look of `parlor doctor` at a server may take.
pub const LOOK_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer that it reads: the largest, the description of REST, has a third
/// of that.
pub const LOOK_BYTES: usize = 2 * 1024 * 1024;
/// Bytes that it uploads to see whether a proxy takes more than the 1 MiB that nginx
/// takes if nothing else is said.
pub const LOOK_UPLOAD: usize = 2 * 1024 * 1024;
/// How long a server that pings its clients may be silent before its socket counts as cut.
pub const REMOTE_SILENCE: Duration = Duration::from_secs(90);
/// Bytes of a frame that a command reads: more than a server may have waiting for a
/// connection.
pub const REMOTE_FRAME: usize = 8 * 1024 * 1024;
/// How far apart clocks may be before somebody should look at them: a third of the
/// difference that tokens are given.
pub const CLOCKS_APART: Duration = Duration::from_secs(10);
/// For how long a certificate should be valid: those that renew themselves do so earlier.
pub const CERTIFICATE_LEFT: Duration = Duration::from_secs(14 * 24 * 3600);
/// Free bytes of a disk below which it is too late soon.
pub const DISK_FREE: u64 = 1024 * 1024 * 1024;
