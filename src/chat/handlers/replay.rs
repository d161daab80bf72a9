//! What a session has missed, a page at a time.

use std::sync::Arc;

use actix::Handler;

use crate::{
    chat::{
        ChatServer, ReadReplay,
        fanout::{Item, Replayed},
    },
    db::{ReadError, Reader, Replay},
    domain::{RoomKey, Seq, UserKey},
    limits::{Limits, REPLAY_PAGE, REPLAY_SHARE},
    protocol::server_frame,
    websocket::Frame,
};

impl Handler<ReadReplay> for ChatServer {
    type Result = ();

    fn handle(&mut self, request: ReadReplay, ctx: &mut Self::Context) {
        let ReadReplay { session, room, since } = request;
        let Some(entry) = self.sessions.entries.get(&session.id) else { return };
        // Unsubscribed meanwhile: its worker hears of that by another item.
        if !entry.subscribed.contains(&room) {
            return;
        }
        let limits = self.settings.limits.clone();
        let reading = read(self.reader.clone(), room, entry.user, since, limits);
        Self::when(ctx, reading, move |outcome, server, _| {
            let outcome = outcome.unwrap_or(Replayed::Failed);
            let item = Item::Replayed { session: session.id, room, since, outcome };
            server.fanout.tell_worker(session.worker, item);
            server.fanout.flush();
        });
    }
}

async fn read(
    reader: Reader,
    room: RoomKey,
    user: UserKey,
    since: Seq,
    limits: Arc<Limits>,
) -> Result<Replayed, ReadError> {
    let page = REPLAY_PAGE.min(limits.queued_frames / REPLAY_SHARE).max(1);
    let replay = reader.replay(room, since, i64::try_from(page).unwrap_or(1)).await?;
    if !can_be_served(since, &replay, limits.replay_events) {
        return Ok(match reader.overview(room, user).await? {
            Some(overview) => Replayed::Resync { overview: Box::new(overview) },
            None => Replayed::Failed,
        });
    }
    Ok(page_of(&replay, limits.queued_bytes / REPLAY_SHARE))
}

/// The events of a page, as many as fit; one does always.
fn page_of(replay: &Replay, bytes_max: usize) -> Replayed {
    let mut frames: Vec<Frame> = Vec::with_capacity(replay.messages.len());
    let mut bytes = 0;
    let mut upto = replay.upto;
    let mut last = None;
    for message in &replay.messages {
        let frame = server_frame::message_created(message);
        bytes += frame.size();
        if let (Some(last), true) = (last, bytes > bytes_max) {
            upto = last;
            break;
        }
        last = Some(message.changed_seq);
        frames.push(frame);
    }
    Replayed::Page { frames, upto }
}

/// Whether the events after `since` can be told one by one.
///
/// Not if the reader has seen more than there is (a restored database), not
/// if some of them are gone (the room was cleared), and not if they are so
/// many that reading the newest page of history serves better.
fn can_be_served(since: Seq, replay: &Replay, most: usize) -> bool {
    let missed = replay.last_seq.0 - since.0;
    since >= replay.floor && usize::try_from(missed).is_ok_and(|missed| missed <= most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Message;

    fn replay(floor: i64, last_seq: i64) -> Replay {
        let (floor, last_seq) = (Seq(floor), Seq(last_seq));
        Replay { messages: Vec::new(), upto: last_seq, last_seq, floor }
    }

    #[test]
    fn what_is_there_and_not_too_much_is_served() {
        assert!(can_be_served(Seq(5), &replay(0, 5), 10));
        assert!(can_be_served(Seq(5), &replay(5, 15), 10));
    }

    #[test]
    fn a_page_ends_where_the_queue_would_be_full_and_has_one_event_at_least() {
        let mut replay = replay(0, 9);
        replay.messages = (1..=5).map(|seq| Message::sample(seq, &"x".repeat(1_000))).collect();
        for (bytes_max, events, end) in [(1 << 20, 5, 9), (3_000, 2, 2), (10, 1, 1)] {
            let Replayed::Page { frames, upto } = page_of(&replay, bytes_max) else {
                panic!("not a page");
            };
            assert_eq!((frames.len(), upto), (events, Seq(end)), "{bytes_max}");
        }
    }

    #[test]
    fn what_is_gone_or_ahead_or_too_far_behind_is_not() {
        assert!(!can_be_served(Seq(4), &replay(5, 5), 10), "cleared");
        assert!(!can_be_served(Seq(6), &replay(0, 5), 10), "past the head");
        assert!(!can_be_served(Seq(5), &replay(0, 16), 10), "too far behind");
    }
}
