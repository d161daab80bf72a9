//! What a session has missed, a page at a time.

use std::sync::Arc;

use super::{ChatServer, turn::Turn};
use crate::{
    chat::{Item, ReadReplay, Replayed},
    clock::now,
    db::{InboxPage, InboxSince, Missed, ReadError, Reader},
    protocol::events,
};
use parlor_domain::{
    RoomId, RoomKey, RoomOverview, Seq, Timestamp, UserKey,
    limits::{Limits, REPLAY_PAGE, REPLAY_SHARE},
};
use parlor_websocket::Frame;

impl Turn for ReadReplay {
    fn take(self, server: &mut ChatServer) {
        let Self { session, room, since, kept } = self;
        let Some(entry) = server.sessions.entries.get(&session) else { return };
        // Unsubscribed meanwhile: its worker hears of that by another item.
        if !entry.subscribed.contains(&room) {
            return;
        }
        let Some(id) = server.rooms.get(room).map(|entry| entry.room.id.clone()) else { return };
        let worker = entry.at.worker;
        let owner = room.inbox_owner().and_then(|owner| server.sessions.users.get(&owner));
        let inbox = owner.map(|owner| server.inbox_overview(&owner.user, Seq::ZERO));
        let asked = Asked {
            inbox,
            room,
            id,
            user: entry.user,
            since,
            kept,
            inbox_since: super::maintenance::before(server.settings.inbox_ttl),
            limits: server.settings.limits.clone(),
        };
        let reading = read(server.reader.clone(), asked);
        server.when(reading, move |outcome, server| {
            let mut outcome = outcome.unwrap_or(Replayed::Failed);
            if let (Replayed::Resync { overview }, Some(known)) =
                (&mut outcome, server.rooms.get(room))
            {
                // Of many rooms that start anew none is in memory twice.
                overview.room = known.room.clone();
            }
            let item = Item::Replayed { session, room, since, outcome };
            server.fanout.tell_worker(worker, item);
        });
    }
}

/// A page that is asked for.
struct Asked {
    room: RoomKey,
    id: RoomId,
    user: UserKey,
    /// The last position that is there.
    since: Seq,
    /// What is kept of what came after it will do.
    kept: bool,
    /// The user's inbox, if it is that.
    inbox: Option<RoomOverview>,
    /// What was told to a user before is too old.
    inbox_since: Timestamp,
    limits: Arc<Limits>,
}

async fn read(reader: Reader, asked: Asked) -> Result<Replayed, ReadError> {
    let Asked { room, id, user, since, kept, inbox, inbox_since, limits } = asked;
    let page = REPLAY_PAGE.min(limits.queued_frames / REPLAY_SHARE).max(1);
    let page = i64::try_from(page).unwrap_or(1);
    let bytes_max = limits.queued_bytes / REPLAY_SHARE;
    if let Some(owner) = room.inbox_owner() {
        let from = if kept { InboxSince::Kept(since) } else { InboxSince::Had(since) };
        let found = reader.inbox_page(owner, from, inbox_since, page).await?;
        let InboxPage { events, upto, last, is_lost } = found;
        // What is past the end was never told, and what was dropped cannot be.
        if since > last || is_lost {
            let Some(mut overview) = inbox else { return Ok(Replayed::Failed) };
            overview.last_seq = last;
            return Ok(Replayed::Resync { overview: Box::new(overview) });
        }
        let missed = events.iter().map(|event| (event.inbox_seq, events::published_to_user(event)));
        return Ok(page_of(missed, upto, bytes_max));
    }
    let replay = reader.replay(room, since, page).await?;
    if !replay.bounds.can_serve(since, limits.replay_events) {
        return Ok(match reader.overview(room, user).await? {
            Some(overview) => Replayed::Resync { overview: Box::new(overview) },
            None => Replayed::Failed,
        });
    }
    let missed = replay.missed.iter().map(|missed| (missed.seq(), frame_of(&id, missed, since)));
    Ok(page_of(missed, replay.upto, bytes_max))
}

/// Something missed, as one is told who has everything up to `since`.
pub(super) fn frame_of(room: &RoomId, missed: &Missed, since: Seq) -> Frame {
    match missed {
        Missed::Message(message) => events::message_missed(message, since),
        Missed::Cleared { seq, upto } => events::room_cleared(room, *seq, *upto, now()),
        Missed::Event(event) => events::published_to_room(room, event),
    }
}

/// The events of a page, as many as fit; one does always.
fn page_of(
    missed: impl Iterator<Item = (Seq, Frame)>,
    mut upto: Seq,
    bytes_max: usize,
) -> Replayed {
    let mut frames: Vec<Frame> = Vec::new();
    let mut bytes = 0;
    let mut last = None;
    for (seq, frame) in missed {
        bytes += frame.size();
        if let (Some(last), true) = (last, bytes > bytes_max) {
            upto = last;
            break;
        }
        last = Some(seq);
        frames.push(frame);
    }
    Replayed::Page { frames, upto }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlor_domain::Message;

    #[test]
    fn a_page_ends_where_the_queue_would_be_full_and_has_one_event_at_least() {
        let event =
            |seq| (Seq(seq), events::message_created(&Message::sample(seq, &"x".repeat(1_000))));
        for (bytes_max, events, end) in [(1 << 20, 5, 9), (3_000, 2, 2), (10, 1, 1)] {
            let missed = (1..=5).map(event);
            let Replayed::Page { frames, upto } = page_of(missed, Seq(9), bytes_max) else {
                panic!("not a page");
            };
            assert_eq!((frames.len(), upto), (events, Seq(end)), "{bytes_max}");
        }
    }
}
