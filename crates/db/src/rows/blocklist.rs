//! Rows of lists of words and patterns.

use diesel::Queryable;
use parlor_domain::{Blocklist, BlocklistAction, BlocklistId, Timestamp};

/// Words or patterns as they are stored.
pub(crate) fn encode_texts(texts: &[String]) -> String {
    serde_json::to_string(texts).expect("texts are JSON")
}

fn decode_texts(texts: &str) -> Vec<String> {
    serde_json::from_str(texts).unwrap_or_else(|error| {
        log::error!("a list of words cannot be read: {error}");
        Vec::new()
    })
}

/// Where the lists of the deployment stand; no room has this key.
pub(crate) const EVERYWHERE: i64 = 0;

#[derive(Queryable)]
pub(crate) struct BlocklistRow {
    id: String,
    action: String,
    words: String,
    patterns: String,
    updated_at: i64,
}

impl From<BlocklistRow> for Blocklist {
    fn from(row: BlocklistRow) -> Self {
        let BlocklistRow { id, action, words, patterns, updated_at } = row;
        Self {
            id: BlocklistId::from_stored(id),
            // What is not known does the least.
            action: BlocklistAction::parse(&action).unwrap_or(BlocklistAction::Flag),
            words: decode_texts(&words),
            patterns: decode_texts(&patterns),
            updated_at: Timestamp(updated_at),
        }
    }
}
