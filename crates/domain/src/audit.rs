use std::sync::Arc;

use super::Timestamp;

/// Something an administrator does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    pub at: Timestamp,
    pub actor: Arc<str>,
    pub action: Arc<str>,
    pub target: Arc<str>,
    /// A JSON object.
    pub detail: Arc<str>,
}
