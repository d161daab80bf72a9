//! What is said of a run to all scenarios.

use std::{path::PathBuf, time::Duration};

use crate::wire::CONTENT_BYTES;

/// Load that is not measured, so that caches, allocators and TCP windows are
/// as they are in service.
const WARM_UP: Duration = Duration::from_secs(1);

pub struct Options {
    /// Whom comparisons are limited to; empty for all.
    pub against: Vec<String>,
    /// How many readers comparisons of a fan-out are limited to; empty for all.
    pub readers: Vec<usize>,
    pub json: bool,
    /// How long each case is measured.
    pub measured: Duration,
    pub warm_up: Duration,
    /// Runs of each case; the report gives the median of each number.
    pub repeat: usize,
    /// Whether all is said over TLS.
    pub tls: bool,
    /// Whether the server is on PostgreSQL, in scenarios that do not say where.
    pub postgres: bool,
    /// Whether messages may come compressed.
    pub deflate: bool,
    /// Bytes of a message's content.
    pub content: usize,
    pub server: PathBuf,
    /// Where the servers' data directories are made.
    pub data_root: PathBuf,
}

impl Default for Options {
    /// The data goes below `target`, which is on a disk: `/tmp` is memory on
    /// many systems, where a commit costs nothing.
    fn default() -> Self {
        Options {
            against: Vec::new(),
            readers: Vec::new(),
            json: false,
            measured: Duration::from_secs(5),
            warm_up: WARM_UP,
            repeat: 1,
            tls: false,
            postgres: false,
            deflate: false,
            content: CONTENT_BYTES,
            server: PathBuf::new(),
            data_root: parlor_benches::target().join("tmp"),
        }
    }
}
