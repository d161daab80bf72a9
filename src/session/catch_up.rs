//! A session's way back into its rooms: one room after the other, and the
//! answer when the last one is live.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    chat::{CatchUp, CatchUpKind},
    domain::{RoomKey, RoomOverview, Seq},
    protocol::{
        ErrorView, RoomEntryView, RoomView, json_size,
        server_frame::{self, ResumedInbox, ResumedRoom, ResumedView, SubscribedView},
    },
    websocket::Frame,
};

/// The catch-ups of one session, in the order they were asked for.
///
/// One room is replayed at a time, and its next page is asked for only when
/// the reader has taken the last one: what is replayed never fills the queue
/// that live events need.
#[derive(Default)]
pub(crate) struct CatchUps {
    /// Without memory while there is nothing to catch up with, as most of
    /// the time.
    waiting: VecDeque<InProgress>,
}

struct InProgress {
    asked: Arc<CatchUp>,
    /// The room that is being replayed, or the one that is refused next.
    next: usize,
    /// What came of the rooms before it and has not been told.
    results: Vec<RoomResult>,
    /// Bytes of telling that.
    bytes: usize,
    inbox: Option<ResumedInbox>,
    current: Outcome,
    /// A page has been asked for.
    reading: bool,
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
    pub fn push(&mut self, asked: Arc<CatchUp>) {
        self.waiting.push_back(InProgress {
            asked,
            next: 0,
            results: Vec::new(),
            bytes: 0,
            inbox: None,
            current: Outcome::default(),
            reading: false,
        });
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The room whose turn it is; `None` if there is none left in the first
    /// catch-up.
    pub fn room(&self) -> Option<RoomKey> {
        let first = self.waiting.front()?;
        Some(first.asked.rooms.get(first.next)?.overview.room.key)
    }

    /// Whether the room whose turn it is begins with what is kept of it.
    pub fn takes_what_is_kept(&self, room: RoomKey, at: Seq) -> bool {
        let first = self.waiting.front().and_then(|first| first.asked.rooms.get(first.next));
        first.is_some_and(|one| one.kept && one.overview.room.key == room && one.since == at)
    }

    pub fn is_reading(&self) -> bool {
        self.waiting.front().is_some_and(|first| first.reading)
    }

    /// Whether somebody waits for the answer to the first catch-up.
    pub fn was_asked(&self) -> bool {
        self.waiting.front().is_some_and(|first| first.asked.was_asked())
    }

    pub fn reading_began(&mut self) {
        if let Some(first) = self.waiting.front_mut() {
            first.reading = true;
        }
    }

    /// A page came. Says whether it is the one that is waited for.
    pub fn reading_ended(&mut self, room: RoomKey) -> bool {
        let expected = self.is_reading() && self.room() == Some(room);
        if let Some(first) = self.waiting.front_mut().filter(|_| expected) {
            first.reading = false;
        }
        expected
    }

    pub fn replayed(&mut self, events: usize) {
        if let Some(first) = self.waiting.front_mut() {
            first.current.replayed += events;
        }
    }

    pub fn resynced(&mut self, overview: Box<RoomOverview>) {
        if let Some(first) = self.waiting.front_mut() {
            first.current.resync = Some(overview);
        }
    }

    /// The room whose turn it was is live from `last_seq` on.
    pub fn room_done(&mut self, last_seq: Seq) {
        if let Some(first) = self.waiting.front_mut() {
            let outcome = Outcome { last_seq, ..std::mem::take(&mut first.current) };
            first.note(Some(outcome));
            first.reading = false;
        }
    }

    /// A room that was named and is not followed; says whether there is one.
    pub fn refuse_next(&mut self) -> bool {
        let Some(first) = self.waiting.front_mut() else { return false };
        let refuses = first.refused(first.next).is_some();
        if refuses {
            first.note(None);
        }
        refuses
    }

    /// Whether so much is to be told that it is better told before the answer.
    pub fn has_piece(&self, bytes_max: usize) -> bool {
        self.waiting.front().is_some_and(|first| first.bytes >= bytes_max)
    }

    /// What came of some rooms, told before the answer.
    pub fn take_piece(&mut self) -> Option<Frame> {
        let first = self.waiting.front_mut()?;
        let frame = first.piece();
        (first.results, first.bytes) = (Vec::new(), 0);
        frame
    }

    /// Takes the first catch-up, which is complete, for its answer.
    pub fn complete(&mut self) -> Option<Completed> {
        let first = self.waiting.pop_front()?;
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
        Some(Completed(first))
    }
}

impl InProgress {
    /// The room that is refused at a place behind those that are followed.
    fn refused(&self, at: usize) -> Option<(&str, ResumedRoom<'_>)> {
        let CatchUpKind::Resume { refused, .. } = &self.asked.kind else { return None };
        let (room, error) = refused.get(at.checked_sub(self.asked.rooms.len())?)?;
        Some((room.as_str(), ResumedRoom::Refused { error: ErrorView::from(error) }))
    }

    /// What is told of one room; `None` for the inbox.
    fn told<'a>(&'a self, result: &'a RoomResult) -> Option<(&'a str, ResumedRoom<'a>)> {
        let Some(outcome) = &result.outcome else { return self.refused(result.at) };
        let RoomOverview { room, epoch, .. } = &self.asked.rooms.get(result.at)?.overview;
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
        if !self.asked.was_asked() {
            return;
        }
        let overview = self.asked.rooms.get(at).map(|room| &room.overview);
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
        if let CatchUpKind::Resume { .. } = self.asked.kind {
            let size = self.told(&result).map_or(0, |(id, room)| id.len() + json_size(&room));
            self.bytes += size + ENTRY_BYTES;
        }
        self.results.push(result);
    }

    fn view(&self, inbox: Option<ResumedInbox>) -> ResumedView<'_> {
        let rooms = self.results.iter().filter_map(|result| self.told(result)).collect();
        ResumedView { rooms, inbox }
    }

    fn piece(&self) -> Option<Frame> {
        let CatchUpKind::Resume { id, .. } = &self.asked.kind else { return None };
        Some(server_frame::session_resumed(id.as_deref()?, &self.view(None)))
    }

    fn subscribed(&self, id: &str) -> Option<Frame> {
        let room = self.asked.rooms.first()?;
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

/// A catch-up of which every room is live.
pub(crate) struct Completed(InProgress);

impl Completed {
    /// Whether somebody waits for an answer.
    pub fn was_asked(&self) -> bool {
        self.0.asked.was_asked()
    }

    /// The ack, if the request had an id.
    pub fn ack(mut self) -> Option<Frame> {
        let inbox = self.0.inbox.take();
        match &self.0.asked.kind {
            CatchUpKind::Quiet => None,
            CatchUpKind::Subscribe { id } => self.0.subscribed(id.as_deref()?),
            CatchUpKind::Resume { id, .. } => {
                Some(server_frame::ack(id.as_deref()?, &self.0.view(inbox)))
            }
        }
    }
}
