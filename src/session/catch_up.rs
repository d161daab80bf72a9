//! A session's way back into its rooms: one room after the other, and the
//! answer when the last one is live.

use std::{collections::VecDeque, sync::Arc};

use rustc_hash::FxHashMap;

use crate::{
    chat::{CatchUp, CatchUpKind, CatchUpRoom},
    domain::{RoomKey, RoomOverview, Seq},
    protocol::{
        ErrorView, RoomView,
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
    /// The room that is being replayed.
    next: usize,
    /// What came of the rooms before it.
    results: Vec<RoomResult>,
    current: RoomResult,
    /// A page has been asked for.
    reading: bool,
}

#[derive(Default)]
struct RoomResult {
    replayed: usize,
    last_seq: Seq,
    resync: Option<Box<RoomOverview>>,
}

impl CatchUps {
    pub fn push(&mut self, asked: Arc<CatchUp>) {
        let results = Vec::with_capacity(asked.rooms.len());
        let current = RoomResult::default();
        self.waiting.push_back(InProgress { asked, next: 0, results, current, reading: false });
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The room whose turn it is; `None` if the first catch-up is complete.
    pub fn room(&self) -> Option<RoomKey> {
        let first = self.waiting.front()?;
        Some(first.asked.rooms.get(first.next)?.overview.room.key)
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
            let mut result = std::mem::take(&mut first.current);
            result.last_seq = last_seq;
            first.results.push(result);
            first.next += 1;
            first.reading = false;
        }
    }

    /// Takes the first catch-up, which is complete, for its answer.
    pub fn complete(&mut self) -> Option<Completed> {
        let InProgress { asked, results, .. } = self.waiting.pop_front()?;
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
        Some(Completed { asked, results })
    }
}

/// A catch-up of which every room is live.
pub(crate) struct Completed {
    asked: Arc<CatchUp>,
    results: Vec<RoomResult>,
}

impl Completed {
    /// Whether somebody waits for an answer.
    pub fn was_asked(&self) -> bool {
        self.asked.was_asked()
    }

    /// The ack, if the request had an id.
    pub fn ack(&self) -> Option<Frame> {
        match &self.asked.kind {
            CatchUpKind::Quiet => None,
            CatchUpKind::Subscribe { id } => self.subscribed(id.as_deref()?),
            CatchUpKind::Resume { id, refused } => {
                let refused = refused.iter().map(|(room, error)| {
                    (room.as_str(), ResumedRoom::Refused { error: ErrorView::from(error) })
                });
                let rooms = self.resumed().chain(refused).collect();
                Some(resume_ack(id.as_deref()?, rooms, self.resumed_inbox()))
            }
        }
    }

    fn subscribed(&self, id: &str) -> Option<Frame> {
        let (room, result) = self.asked.rooms.first().zip(self.results.first())?;
        let mut overview = result.resync.as_deref().unwrap_or(&room.overview).clone();
        overview.last_seq = result.last_seq;
        let view = SubscribedView {
            room: RoomView::from(&overview),
            last_seq: result.last_seq.0,
            replayed: result.replayed,
            resync: result.resync.is_some(),
        };
        Some(server_frame::ack(id, &view))
    }

    /// The rooms that were caught up with, or the inbox.
    fn results_of(&self, inbox: bool) -> impl Iterator<Item = (&CatchUpRoom, &RoomResult)> {
        let all = self.asked.rooms.iter().zip(&self.results);
        all.filter(move |(room, _)| room.overview.room.key.inbox_owner().is_some() == inbox)
    }

    fn resumed_inbox(&self) -> Option<ResumedInbox> {
        let (_, result) = self.results_of(true).next()?;
        Some(ResumedInbox { replayed: result.replayed, last_seq: result.last_seq.0 })
    }

    fn resumed(&self) -> impl Iterator<Item = (&str, ResumedRoom<'_>)> {
        self.results_of(false).map(|(room, result)| {
            let resumed = ResumedRoom::Resumed {
                replayed: result.replayed,
                last_seq: result.last_seq.0,
                resync: result.resync.is_some(),
                room: result.resync.as_deref().map(|room| Box::new(RoomView::from(room))),
            };
            (room.overview.room.id.as_str(), resumed)
        })
    }
}

fn resume_ack(
    id: &str,
    rooms: FxHashMap<&str, ResumedRoom<'_>>,
    inbox: Option<ResumedInbox>,
) -> Frame {
    server_frame::ack(id, &ResumedView { rooms, inbox })
}
