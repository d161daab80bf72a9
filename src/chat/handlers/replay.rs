//! What a session has missed, a page at a time.

use actix::{ActorFutureExt, AsyncContext, Handler, WrapFuture};

use crate::{
    chat::{
        ChatServer, ReadReplay,
        fanout::{Item, Replayed},
    },
    db::{ReadError, Reader, Replay},
    domain::{RoomKey, Seq, UserKey},
    limits::REPLAY_PAGE,
    protocol::server_frame,
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
        let most = self.settings.limits.replay_events;
        let reading = read(self.reader.clone(), room, entry.user, since, most);
        ctx.spawn(reading.into_actor(self).map(move |outcome, server, _| {
            let outcome = outcome.unwrap_or(Replayed::Failed);
            let item = Item::Replayed { session: session.id, room, since, outcome };
            server.fanout.to_worker(session.worker, item);
            server.fanout.flush();
        }));
    }
}

async fn read(
    reader: Reader,
    room: RoomKey,
    user: UserKey,
    since: Seq,
    most: usize,
) -> Result<Replayed, ReadError> {
    let replay = reader.replay(room, since, REPLAY_PAGE).await?;
    if !can_be_served(since, &replay, most) {
        return Ok(match reader.overview(room, user).await? {
            Some(overview) => Replayed::Resync { overview: Box::new(overview) },
            None => Replayed::Failed,
        });
    }
    let frames = replay.messages.iter().map(server_frame::message_created).collect();
    Ok(Replayed::Page { frames, upto: replay.upto })
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
    fn what_is_gone_or_ahead_or_too_far_behind_is_not() {
        assert!(!can_be_served(Seq(4), &replay(5, 5), 10), "cleared");
        assert!(!can_be_served(Seq(6), &replay(0, 5), 10), "past the head");
        assert!(!can_be_served(Seq(5), &replay(0, 16), 10), "too far behind");
    }
}
