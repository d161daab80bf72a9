//! Waiting for what is new.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{
    super::{
        asking::{part, with_query},
        speaker::{Speaker, refused},
        told::Message,
    },
    Does, Outcome,
    reading::messages,
    rooms::{Unread, unread},
    threads::unread_threads,
};
use parlor_domain::limits::{
    ASSISTANT_PAGE_MAX, ASSISTANT_ROOMS, ASSISTANT_WAIT, ASSISTANT_WAIT_MAX,
};

/// Wait until somebody else says something.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WaitForMessages {
    /// Only in this room. Without it, any room or thread in which something is unread counts.
    room_id: Option<String>,
    /// With room_id: what is newer than this seq counts. Give the after_seq of the answer
    /// before; without it, all that you have not marked as read counts.
    after_seq: Option<i64>,
    /// For how long at most, up to 50; 25 if not given.
    seconds: Option<u64>,
}

#[derive(Deserialize)]
struct Page {
    messages: Vec<Message>,
    has_more: bool,
}

#[derive(Deserialize)]
struct Position {
    read_seq: i64,
}

impl Does for WaitForMessages {
    const NAME: &'static str = "wait_for_messages";
    const ABOUT: &'static str = "Wait until somebody else says something: in one room, which gives \
        the messages, or in any, which gives the rooms, and the threads that you follow, with \
        something unread that you were not told of. An empty answer means that nobody has: call again, in a room with the after_seq \
        of the answer before, and nothing is missed.";

    async fn run(self, of: &Speaker) -> Outcome {
        let seconds = self.seconds.map_or(ASSISTANT_WAIT, Duration::from_secs);
        let end = Instant::now() + seconds.min(ASSISTANT_WAIT_MAX);
        match self.room_id {
            Some(room) => in_room(of, &room, self.after_seq, end).await,
            None => anywhere(of, end).await,
        }
    }
}

async fn anywhere(of: &Speaker, end: Instant) -> Outcome {
    // Before it is looked, so that nothing comes between.
    let mut waiting = of.news().waiting();
    loop {
        let rooms = unread_rooms(of).await?;
        let news: Vec<_> = rooms
            .iter()
            .filter(|room| of.is_news(&room.room_id, room.last_seq))
            .map(Unread::told)
            // The others are news the next time.
            .take(ASSISTANT_PAGE_MAX as usize)
            .collect();
        let threads: Vec<_> = unread_threads(of)
            .await?
            .iter()
            .filter(|thread| of.is_news(&thread.thread_id, thread.last_change()))
            .map(|thread| thread.told(of))
            .collect();
        let left = end.saturating_duration_since(Instant::now());
        if !news.is_empty() || !threads.is_empty() || left.is_zero() {
            return Ok(json!({"rooms": news, "threads": threads}));
        }
        waiting.next(left).await;
    }
}

/// All rooms with something unread, if they are not too many.
async fn unread_rooms(of: &Speaker) -> Result<Vec<Unread>, String> {
    let (mut rooms, mut cursor) = unread(of, None).await?;
    while cursor.is_some() && rooms.len() < ASSISTANT_ROOMS {
        let (more, next) = unread(of, cursor).await?;
        rooms.extend(more);
        cursor = next;
    }
    Ok(rooms)
}

async fn in_room(of: &Speaker, room: &str, after: Option<i64>, end: Instant) -> Outcome {
    let room = part(room)?;
    let me = of.me().await.map_err(|failed| refused(&failed))?;
    let mut waiting = of.news().waiting();
    let mut after = match after {
        Some(after) => after,
        None => {
            let url = of.server.url(&["rooms", room, "read"]);
            let position: Position = of.server.get(url).await.map_err(|failed| refused(&failed))?;
            position.read_seq
        }
    };
    loop {
        let query =
            [("after", Some(after.to_string())), ("limit", Some(ASSISTANT_PAGE_MAX.to_string()))];
        let url = with_query(of.server.url(&["rooms", room, "messages"]), &query);
        let Page { messages: page, has_more } =
            of.server.get(url).await.map_err(|failed| refused(&failed))?;
        after = page.last().map_or(after, |last| last.seq);
        let others: Vec<_> = page.into_iter().filter(|one| !one.sender.is(&me.id)).collect();
        let left = end.saturating_duration_since(Instant::now());
        if !others.is_empty() || left.is_zero() {
            return Ok(json!({"messages": messages(of, &others), "after_seq": after,
                "has_newer": has_more}));
        }
        if !has_more {
            waiting.next(left).await;
        }
    }
}
