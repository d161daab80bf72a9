//! The current time. Where several nodes share a database, its clock is used: a
//! node with a wrong clock would otherwise date messages wrongly, and take
//! valid tokens for expired ones.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use parlor_domain::Timestamp;

/// What is to be added to this machine's clock, in milliseconds.
static OFFSET: AtomicI64 = AtomicI64::new(0);

/// Off by less than this a clock is left alone: networks take time, too.
const TOLERANCE_MS: i64 = 500;

#[expect(clippy::disallowed_methods, reason = "what this module is for")]
fn own() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The time, in milliseconds since 1970.
pub fn now() -> Timestamp {
    Timestamp(own().saturating_add(OFFSET.load(Ordering::Relaxed)))
}

/// The clock that all nodes share says that it is `shared`. Says how far this
/// machine's own is behind, in milliseconds, if that has changed much.
pub fn agree_with(shared: Timestamp) -> Option<i64> {
    let offset = shared.0.saturating_sub(own());
    let offset = if offset.abs() < TOLERANCE_MS { 0 } else { offset };
    let before = OFFSET.load(Ordering::Relaxed);
    if (offset - before).abs() < TOLERANCE_MS {
        return None;
    }
    OFFSET.store(offset, Ordering::Relaxed);
    Some(offset)
}
