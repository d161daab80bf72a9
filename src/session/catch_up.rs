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
pub(crate) struct CatchUps {
    /// Without memory while there is nothing to catch up with, as most of
    /// the time.
    waiting: VecDeque<InProgress>,
}

/// What a catch-up is for.
enum Source {
    /// The ChatServer has attached the session to rooms.
    Attached(Arc<CatchUp>),
    /// A live event of this room was overtaken, or there was no room for it.
    Behind(RoomKey),
}

impl Source {
    /// The catch-up that brought it, and its kind, if somebody may wait for
    /// the answer.
    fn attached(&self) -> Option<&CatchUp> {
        match self {
            Self::Attached(asked) => Some(asked),
            Self::Behind(_) => None,
        }
    }

    fn was_asked(&self) -> bool {
        self.attached().is_some_and(CatchUp::was_asked)
    }

    /// The room at a place.
    fn room(&self, at: usize) -> Option<RoomKey> {
        match self {
            Self::Attached(asked) => Some(asked.rooms.get(at)?.overview.room.key),
            Self::Behind(room) => (at == 0).then_some(*room),
        }
    }
}

struct InProgress {
    source: Source,
    /// The room that is being replayed, or the one that is refused next.
    next: usize,
    /// What came of the rooms before it and has not been told.
    results: Vec<RoomResult>,
    /// Bytes of telling that.
    bytes: usize,
    inbox: Option<ResumedInbox>,
    current: Outcome,
    /// The page that follows this position has been asked for.
    reading: Option<Seq>,
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
        self.push_source(Source::Attached(asked));
    }

    /// What is missing of a room is read when the reader has taken what came
    /// before.
    pub fn push_behind(&mut self, room: RoomKey) {
        self.push_source(Source::Behind(room));
    }

    fn push_source(&mut self, source: Source) {
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

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The room whose turn it is; `None` if there is none left in the first
    /// catch-up.
    pub fn room(&self) -> Option<RoomKey> {
        let first = self.waiting.front()?;
        first.source.room(first.next)
    }

    /// Whether the room whose turn it is begins with what is kept of it.
    pub fn takes_what_is_kept(&self, room: RoomKey, at: Seq) -> bool {
        let first = self.waiting.front();
        let one = first.and_then(|first| first.source.attached()?.rooms.get(first.next));
        one.is_some_and(|one| one.kept && one.overview.room.key == room && one.since == at)
    }

    pub fn is_reading(&self) -> bool {
        self.waiting.front().is_some_and(|first| first.reading.is_some())
    }

    /// Whether somebody waits for the answer to the first catch-up.
    pub fn was_asked(&self) -> bool {
        self.waiting.front().is_some_and(|first| first.source.was_asked())
    }

    pub fn reading_began(&mut self, since: Seq) {
        if let Some(first) = self.waiting.front_mut() {
            first.reading = Some(since);
        }
    }

    /// A page came. Says whether it is the one that is waited for: a session
    /// may have subscribed anew while an earlier one was read.
    pub fn page_came(&mut self, room: RoomKey, since: Seq) -> bool {
        let first = self.waiting.front();
        let expected = first.is_some_and(|first| first.reading == Some(since));
        expected && self.reading_ended(room)
    }

    /// Nothing is waited for any more, if it was this room. Says whether it
    /// was.
    pub fn reading_ended(&mut self, room: RoomKey) -> bool {
        let was_read = self.is_reading() && self.room() == Some(room);
        if let Some(first) = self.waiting.front_mut().filter(|_| was_read) {
            first.reading = None;
        }
        was_read
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
            first.reading = None;
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
        let asked = self.source.attached()?;
        let CatchUpKind::Resume { refused, .. } = &asked.kind else { return None };
        let (room, error) = refused.get(at.checked_sub(asked.rooms.len())?)?;
        Some((room.as_str(), ResumedRoom::Refused { error: ErrorView::from(error) }))
    }

    /// What is told of one room; `None` for the inbox.
    fn told<'a>(&'a self, result: &'a RoomResult) -> Option<(&'a str, ResumedRoom<'a>)> {
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
        let CatchUpKind::Resume { id, .. } = &self.source.attached()?.kind else { return None };
        Some(server_frame::session_resumed(id.as_deref()?, &self.view(None)))
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

/// A catch-up of which every room is live.
pub(crate) struct Completed(InProgress);

impl Completed {
    /// Whether somebody waits for an answer.
    pub fn was_asked(&self) -> bool {
        self.0.source.was_asked()
    }

    /// The ack, if the request had an id.
    pub fn ack(mut self) -> Option<Frame> {
        let inbox = self.0.inbox.take();
        match &self.0.source.attached()?.kind {
            CatchUpKind::Quiet => None,
            CatchUpKind::Subscribe { id } => self.0.subscribed(id.as_deref()?),
            CatchUpKind::Resume { id, .. } => {
                Some(server_frame::ack(id.as_deref()?, &self.0.view(inbox)))
            }
        }
    }
}
