//! Spans that are sent to a collector.

use std::time::Duration;

/// Time limit for one request, in all its attempts: the default of OTLP.
pub const TRACES_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a server that stops waits for the last of them.
pub const TRACES_LAST: Duration = Duration::from_secs(2);
/// Bytes of an answer: a sentence, if not all were taken.
pub const TRACES_ANSWER_BYTES: usize = 64 * 1024;
