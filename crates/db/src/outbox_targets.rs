use std::sync::Arc;

use tokio::sync::Notify;

/// Who is told of what; nothing is recorded while nobody is.
#[derive(Clone, Debug, Default)]
pub struct OutboxTargets {
    pub urls: Arc<[Arc<str>]>,
    /// Which kinds they want; empty: all.
    pub kinds: Arc<[String]>,
    /// Woken when there is something new.
    pub wake: Arc<Notify>,
}
