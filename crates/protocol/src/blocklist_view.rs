//! Lists of words and patterns, as those who set them see them.

use parlor_domain::{Blocklist, BlocklistAction, BlocklistId, BlocklistSummary, RoomId};
use schemars::JsonSchema;
use serde::Serialize;

/// A list with all that is in it.
#[derive(Serialize, JsonSchema)]
pub struct BlocklistView<'a> {
    list_id: &'a str,
    action: BlocklistAction,
    words: &'a [String],
    patterns: &'a [String],
    updated_at: String,
}

impl<'a> From<&'a Blocklist> for BlocklistView<'a> {
    fn from(list: &'a Blocklist) -> Self {
        let Blocklist { id, action, words, patterns, updated_at } = list;
        let updated_at = updated_at.to_rfc3339();
        Self { list_id: id.as_str(), action: *action, words, patterns, updated_at }
    }
}

/// A list without it.
#[derive(Serialize, JsonSchema)]
pub struct BlocklistSummaryView<'a> {
    list_id: &'a str,
    action: BlocklistAction,
    /// How many.
    words: i64,
    patterns: i64,
    updated_at: String,
}

impl<'a> From<&'a BlocklistSummary> for BlocklistSummaryView<'a> {
    fn from(list: &'a BlocklistSummary) -> Self {
        let BlocklistSummary { id, action, words, patterns, updated_at } = list;
        Self {
            list_id: id.as_str(),
            action: *action,
            words: *words,
            patterns: *patterns,
            updated_at: updated_at.to_rfc3339(),
        }
    }
}

/// A list of which something was found in a text.
#[derive(Serialize, JsonSchema)]
pub struct FoundView {
    list_id: String,
    /// Whose list it is, if not the deployment's.
    #[serde(skip_serializing_if = "Option::is_none")]
    room_id: Option<String>,
    action: BlocklistAction,
}

impl FoundView {
    pub fn new(id: &BlocklistId, room: Option<&RoomId>, action: BlocklistAction) -> Self {
        let room_id = room.map(|room| room.as_str().to_owned());
        Self { list_id: id.as_str().to_owned(), room_id, action }
    }
}

/// What would become of a text.
#[derive(Serialize, JsonSchema)]
pub struct ScreenedView {
    /// It would not be stored.
    refused: bool,
    /// As it would be stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    /// It would be reported to those who moderate.
    flagged: bool,
    /// The lists of which something is in it.
    found: Vec<FoundView>,
}

impl ScreenedView {
    pub fn refused(found: Vec<FoundView>) -> Self {
        Self { refused: true, content: None, flagged: false, found }
    }

    pub fn passed(content: &str, flagged: bool, found: Vec<FoundView>) -> Self {
        Self { refused: false, content: Some(content.to_owned()), flagged, found }
    }
}
