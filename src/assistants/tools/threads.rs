//! Threads that the user follows.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        asking::with_query,
        speaker::{Speaker, refused},
        told::Message,
    },
    reading::{Page, page},
};
use parlor_domain::limits::ASSISTANT_PAGE_MAX;

/// What of a thread is unread.
#[derive(Deserialize)]
pub(super) struct UnreadThread {
    room_id: String,
    pub thread_id: String,
    unread: i64,
    mentions: i64,
    read_seq: i64,
    root: Message,
}

impl UnreadThread {
    pub fn told(&self, of: &Speaker) -> Value {
        let Self { room_id, thread_id: _, unread, mentions, read_seq, root } = self;
        json!({"room_id": room_id, "began_with": root.told(&of.server), "unread": unread,
            "mentions_of_you": mentions, "read_up_to_seq": read_seq})
    }

    /// What changes when another reply comes.
    pub fn last_change(&self) -> i64 {
        self.root.changed_seq
    }
}

/// The threads in which something is unread, that with the newest reply first: as many as
/// one page has.
pub(super) async fn unread_threads(of: &Speaker) -> Result<Vec<UnreadThread>, String> {
    let query = [("unread", Some("true".to_owned())), ("limit", page(Some(ASSISTANT_PAGE_MAX)))];
    let url = with_query(of.server.url(&["threads"]), &query);
    let page: Page<UnreadThread> = of.server.get(url).await.map_err(|failed| refused(&failed))?;
    Ok(page.list)
}
