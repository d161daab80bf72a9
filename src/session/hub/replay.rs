//! What a session is told as it takes it: the list of its rooms, and what it has
//! missed of each, a page after the other, until it is live.

use std::sync::Arc;

use super::{
    Attached, Hub, Listing, Outlet, Subscriber, await_drain, catch_up::Source, gate::Gate, queue,
};
use crate::{
    chat::{CatchUp, ReadReplay, ReadRooms, Replayed, SessionId},
    protocol::Close,
};
use parlor_domain::{
    RoomKey, Seq,
    limits::{REPLAY_HELD, REPLAY_HELD_BYTES},
};
use parlor_websocket::Frame;

impl<O: Outlet> Hub<O> {
    /// Goes on with what waits until a session has taken what came before.
    pub(super) fn go_on_with(&mut self, id: SessionId) {
        self.continue_listing(id);
        self.continue_catch_up(id);
    }

    /// Some of a session's rooms. It is asked for more when it has taken them,
    /// so that however many there are, they never fill the queue.
    pub(super) fn some_rooms(&mut self, session: SessionId, frame: &Frame, more: bool) {
        self.send(session, frame);
        self.with_link(session, |link| {
            link.queue().listing.set(if more { Listing::Paused } else { Listing::Complete });
        });
        self.continue_listing(session);
    }

    fn continue_listing(&mut self, id: SessionId) {
        let Some(Attached { link, .. }) = self.sessions.get(&id) else { return };
        let listing = &link.queue().listing;
        if listing.get() != Listing::Paused {
            return;
        }
        if link.is_drained() {
            listing.set(Listing::Reading);
            return self.effects.rooms.push(ReadRooms { session: id });
        }
        await_drain(&mut self.listed, link);
    }

    pub(super) fn catch_up(&mut self, catch_up: Arc<CatchUp>) {
        let id = catch_up.session;
        let Some(attached) = self.sessions.get_mut(&id) else { return };
        for room in &catch_up.rooms {
            let key = room.overview.room.key;
            let subscribers = self.rooms.entry(key).or_default();
            if !room.asked && subscribers.contains_key(&id) {
                continue;
            }
            let gate = Gate::new(room.since, room.head);
            let subscriber = Subscriber { link: attached.link.clone(), gate };
            match subscribers.insert(id, subscriber) {
                None => attached.rooms.push(key),
                // It may have dropped what it was told.
                Some(_) => self.streams.left(key, id),
            }
        }
        attached.catch_ups.push(Source::Attached(catch_up));
        self.continue_catch_up(id);
    }

    /// Goes on with a session's catch-ups as far as that is possible now.
    pub(super) fn continue_catch_up(&mut self, id: SessionId) {
        loop {
            let Some(attached) = self.sessions.get_mut(&id) else { return };
            let (link, first) = (&attached.link, attached.catch_ups.first());
            let Some(first) = first.filter(|first| first.reading.is_none()) else { return };
            if first.bytes >= self.piece_bytes {
                if !link.is_drained() {
                    return await_drain(&mut self.listed, link);
                }
                if let Some(piece) = first.take_piece() {
                    queue(&mut self.listed, link, &piece);
                }
            }
            let Some(room) = first.room() else {
                if !first.refuse_next()
                    && let Some(ack) = attached.catch_ups.complete()
                {
                    self.answer(id, ack);
                }
                continue;
            };
            // Unsubscribed meanwhile: then there is nothing to wait for.
            let gate = self.rooms.get(&room).and_then(|all| all.get(&id)).map(|one| &one.gate);
            match gate {
                Some(gate) if !gate.is_live() => {
                    if !link.is_drained() {
                        return await_drain(&mut self.listed, link);
                    }
                    let since = gate.at();
                    let kept = first.takes_what_is_kept(since);
                    first.reading = Some(since);
                    let page = ReadReplay { session: id, room, since, kept };
                    return self.effects.pages.push(page);
                }
                gate => first.room_done(gate.map_or(Seq::ZERO, Gate::at)),
            }
        }
    }

    /// A session that was live in a room has to read what comes next there.
    pub(super) fn start_lagging(&mut self, id: SessionId, room: RoomKey) {
        if let Some(attached) = self.sessions.get_mut(&id) {
            attached.catch_ups.push(Source::Lagging(room));
            self.continue_catch_up(id);
        }
    }

    pub(super) fn replayed(&mut self, id: SessionId, room: RoomKey, since: Seq, outcome: Replayed) {
        let Some(attached) = self.sessions.get_mut(&id) else { return };
        let Some(first) = attached.catch_ups.first() else { return };
        if !first.page_came(room, since) {
            return;
        }
        let subscriber = self.rooms.get_mut(&room).and_then(|all| all.get_mut(&id));
        // One that has subscribed anew meanwhile, from elsewhere, needs another
        // page; and so does one to whom too much was said: it is read again.
        let fits = |one: &Subscriber<O>| match &outcome {
            Replayed::Page { frames, .. } => {
                let bytes = frames.iter().map(Frame::size).sum::<usize>();
                let (most, most_bytes) = (frames.len() + REPLAY_HELD, bytes + REPLAY_HELD_BYTES);
                one.link.is_drained() || one.link.queue().has_room_for::<1>(most, most_bytes)
            }
            Replayed::Resync { .. } | Replayed::Failed => true,
        };
        let is_wanted =
            |one: &&mut Subscriber<O>| !one.gate.is_live() && one.gate.at() == since && fits(one);
        if let Some(subscriber) = subscriber.filter(is_wanted) {
            let link = &subscriber.link;
            let (read, follow, resync) = match outcome {
                Replayed::Page { frames, upto } => (frames, subscriber.gate.replayed(upto), None),
                Replayed::Resync { overview } if first.was_asked() => {
                    (Vec::new(), subscriber.gate.restart(overview.last_seq), Some(overview))
                }
                // Nobody waits for an answer that could say so: the session
                // comes back, asks, and is told.
                Replayed::Resync { .. } | Replayed::Failed => return link.close(Close::Overloaded),
            };
            first.replayed(read.len() + follow.len(), resync);
            for frame in read.into_iter().chain(follow) {
                queue(&mut self.listed, link, &frame);
            }
        }
        self.continue_catch_up(id);
    }
}
