//! A session's way back into its rooms: one room after the other, and the
//! answer when the last one is live.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    chat::{CatchUp, CatchUpKind},
    protocol::{
        ErrorView, RoomEntryView, RoomView, json_size,
        server_frame::{self, ResumedInbox, ResumedRoom, ResumedView, SubscribedView},
    },
};
use parlor_domain::{RoomKey, RoomOverview, Seq};
use parlor_websocket::Frame;

/// The catch-ups of one session, in the order they were asked for.
///
/// One room is replayed at a time, and its next page is asked for only when
/// the reader has taken the last one: what is replayed never fills the queue
/// that live events need.
#[derive(Default)]
pub(super) struct CatchUps {
    /// Without memory while there is nothing to catch up with, as most of
    /// the time.
    waiting: VecDeque<InProgress>,
}

/// What a catch-up is for.
pub(super) enum Source {
    /// The ChatServer has attached the session to rooms.
    Attached(Arc<CatchUp>),
    /// A live event of this room was overtaken, or there was no room for it:
    /// it is read when the reader has taken what came before.
    Lagging(RoomKey),
}

impl Source {
    /// The catch-up that brought it, and its kind, if somebody may wait for
    /// the answer.
    fn attached(&self) -> Option<&CatchUp> {
        match self {
            Self::Attached(asked) => Some(asked),
            Self::Lagging(_) => None,
        }
    }

    /// The room at a place.
    fn room(&self, at: usize) -> Option<RoomKey> {
        match self {
            Self::Attached(asked) => Some(asked.rooms.get(at)?.overview.room.key),
            Self::Lagging(room) => (at == 0).then_some(*room),
        }
    }
}

/// A catch-up that waits or is under way.
pub(super) struct InProgress {
    source: Source,
    /// The room that is being replayed, or the one that is refused next.
    next: usize,
    /// What came of the rooms before it and has not been told.
    results: Vec<RoomResult>,
    /// Bytes of telling that.
    pub bytes: usize,
    inbox: Option<ResumedInbox>,
    current: Outcome,
    /// The page that follows this position has been asked for.
    pub reading: Option<Seq>,
}

/// What came of the room at a place, or of the one refused at it.
struct RoomResult {
    at: usize,
    outcome: Option<Outcome>,
}

#[derive(Default)]
struct Outcome {
    replayed: usize,
    last_seq: Seq,
    resync: Option<Box<RoomOverview>>,
}

impl CatchUps {
    pub fn push(&mut self, source: Source) {
        self.waiting.push_back(InProgress {
            source,
            next: 0,
            results: Vec::new(),
            bytes: 0,
            inbox: None,
            current: Outcome::default(),
            reading: None,
        });
    }

    /// The one whose turn it is.
    pub fn first(&mut self) -> Option<&mut InProgress> {
        self.waiting.front_mut()
    }

    /// Takes the first catch-up, which is complete. Gives the answer, if
    /// somebody waits for one: an ack, if the request had an id.
    pub fn complete(&mut self) -> Option<Option<Frame>> {
        let first = self.waiting.pop_front()?;
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
        first.was_asked().then(|| first.ack())
    }
}

impl InProgress {
    /// The room whose turn it is; `None` if there is none left.
    pub fn room(&self) -> Option<RoomKey> {
        self.source.room(self.next)
    }

    /// Whether the room whose turn it is begins with what is kept of it.
    pub fn takes_what_is_kept(&self, at: Seq) -> bool {
        let room = self.source.attached().and_then(|asked| asked.rooms.get(self.next));
        room.is_some_and(|room| room.kept && room.since == at)
    }

    /// Whether somebody waits for the answer.
    pub fn was_asked(&self) -> bool {
        self.source.attached().is_some_and(CatchUp::was_asked)
    }

    /// A page came. Says whether it is the one that is waited for: a session
    /// may have subscribed anew while an earlier one was read.
    pub fn page_came(&mut self, room: RoomKey, since: Seq) -> bool {
        let is_expected = self.room() == Some(room) && self.reading == Some(since);
        self.reading.take_if(|_| is_expected).is_some()
    }

    pub fn replayed(&mut self, events: usize, resync: Option<Box<RoomOverview>>) {
        self.current.replayed += events;
        self.current.resync = resync.or(self.current.resync.take());
    }

    /// The room whose turn it was is live from `last_seq` on.
    pub fn room_done(&mut self, last_seq: Seq) {
        let outcome = Outcome { last_seq, ..std::mem::take(&mut self.current) };
        self.note(Some(outcome));
    }

    /// A room that was named and is not followed; says whether there is one.
    pub fn refuse_next(&mut self) -> bool {
        let refuses = self.refused(self.next).is_some();
        if refuses {
            self.note(None);
        }
        refuses
    }

    /// Takes what came of some rooms, to be told before the answer.
    pub fn take_piece(&mut self) -> Option<Frame> {
        let piece = self.piece();
        (self.results, self.bytes) = (Vec::new(), 0);
        piece
    }

    /// The room that is refused at a place behind those that are followed.
    fn refused(&self, at: usize) -> Option<(&str, ResumedRoom<'_>)> {
        let asked = self.source.attached()?;
        let CatchUpKind::Resume { refused, .. } = &asked.kind else { return None };
        let (room, error) = refused.get(at.checked_sub(asked.rooms.len())?)?;
        Some((room.as_str(), ResumedRoom::Refused { error: ErrorView::from(error) }))
    }

    /// What is told of one room; `None` for the inbox.
    fn resumed_room<'a>(&'a self, result: &'a RoomResult) -> Option<(&'a str, ResumedRoom<'a>)> {
        let Some(outcome) = &result.outcome else { return self.refused(result.at) };
        let asked = self.source.attached()?;
        let RoomOverview { room, epoch, .. } = &asked.rooms.get(result.at)?.overview;
        let resumed = ResumedRoom::Resumed {
            replayed: outcome.replayed,
            last_seq: outcome.last_seq.0,
            epoch: epoch.as_str(),
            resync: outcome.resync.is_some(),
            room: outcome.resync.as_deref().map(|room| Box::new(RoomEntryView::from(room))),
        };
        Some((room.id.as_str(), resumed))
    }

    /// Keeps what came of the room whose turn it was, as far as somebody is
    /// told of it.
    fn note(&mut self, outcome: Option<Outcome>) {
        let at = self.next;
        self.next += 1;
        let Some(asked) = self.source.attached().filter(|asked| asked.was_asked()) else { return };
        let overview = asked.rooms.get(at).map(|room| &room.overview);
        let inbox = overview.filter(|overview| overview.room.key.inbox_owner().is_some());
        if let (Some(outcome), Some(inbox)) = (&outcome, inbox) {
            self.inbox = Some(ResumedInbox {
                replayed: outcome.replayed,
                last_seq: outcome.last_seq.0,
                epoch: inbox.epoch.as_str().to_owned(),
                resync: outcome.resync.is_some(),
            });
            return;
        }
        let result = RoomResult { at, outcome };
        if let CatchUpKind::Resume { .. } = asked.kind {
            let size =
                self.resumed_room(&result).map_or(0, |(id, room)| id.len() + json_size(&room));
            self.bytes += size + ENTRY_BYTES;
        }
        self.results.push(result);
    }

    fn view(&self, inbox: Option<ResumedInbox>) -> ResumedView<'_> {
        let rooms = self.results.iter().filter_map(|result| self.resumed_room(result)).collect();
        ResumedView { rooms, inbox }
    }

    fn piece(&self) -> Option<Frame> {
        let CatchUpKind::Resume { id, .. } = &self.source.attached()?.kind else { return None };
        Some(server_frame::session_resumed(id.as_deref()?, &self.view(None)))
    }

    fn ack(mut self) -> Option<Frame> {
        let inbox = self.inbox.take();
        match &self.source.attached()?.kind {
            CatchUpKind::Quiet => None,
            CatchUpKind::Subscribe { id } => self.subscribed(id.as_deref()?),
            CatchUpKind::Resume { id, .. } => {
                Some(server_frame::ack(id.as_deref()?, &self.view(inbox)))
            }
        }
    }

    fn subscribed(&self, id: &str) -> Option<Frame> {
        let room = self.source.attached()?.rooms.first()?;
        let result = self.results.first()?.outcome.as_ref()?;
        let mut overview = result.resync.as_deref().unwrap_or(&room.overview).clone();
        overview.last_seq = result.last_seq;
        let view = SubscribedView {
            room: RoomView::from(&overview),
            last_seq: result.last_seq.0,
            epoch: overview.epoch.as_str(),
            replayed: result.replayed,
            resync: result.resync.is_some(),
        };
        Some(server_frame::ack(id, &view))
    }
}

/// What JSON puts around the entry of a room: quotes, a colon, a comma.
const ENTRY_BYTES: usize = 4;
