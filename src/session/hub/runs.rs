//! Events that came together leave together.
//!
//! Under load a batch brings many events of the same room. Told one by one,
//! each costs every reader a look at its gate, an entry in its queue and a
//! piece for the kernel; told as one run, it costs that once.

use std::rc::Rc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::{
    Hub, Outlet, Subscriber, Subscribers,
    gate::{Offer, Passed},
    list,
};
use crate::{chat::SessionId, session::send_queue::SendQueueLimits};
use parlor_domain::{
    RoomKey, Seq,
    limits::{RUN_BYTES, RUN_FRAMES, RUN_SHARE},
};
use parlor_websocket::{Frame, Joined};

/// Readers of one thread from which on frames are copied for them.
const JOIN_FROM: usize = 4;

/// Events without a gap that are still to be told.
#[derive(Default)]
struct Run {
    /// The position of the first one.
    first: Seq,
    frames: Vec<Frame>,
    bytes: usize,
}

impl Run {
    fn last(&self) -> Seq {
        Seq(self.first.0 + self.frames.len() as i64 - 1)
    }

    fn takes(&self, seq: Seq, frame: &Frame, limits: SendQueueLimits) -> bool {
        self.frames.is_empty()
            || (seq == self.last().next()
                && self.frames.len() < limits.frames.min(RUN_FRAMES)
                && self.bytes + frame.size() <= limits.bytes.min(RUN_BYTES))
    }

    fn push(&mut self, seq: Seq, frame: Frame) {
        if self.frames.is_empty() {
            self.first = seq;
        }
        self.bytes += frame.size();
        self.frames.push(frame);
    }

    fn events(&self) -> impl Iterator<Item = (Seq, &Frame)> {
        (self.first.0..).map(Seq).zip(&self.frames)
    }
}

/// The runs of a thread's rooms, told before the thread writes. Bounded by
/// what may wait for it: so many batches of so many events.
pub(super) struct Runs {
    rooms: IndexMap<RoomKey, Run, FxBuildHasher>,
    /// Of one run: a part of what may wait for one reader.
    limits: SendQueueLimits,
}

impl Runs {
    pub fn new(queue: SendQueueLimits) -> Self {
        let limits =
            SendQueueLimits { frames: queue.frames / RUN_SHARE, bytes: queue.bytes / RUN_SHARE };
        Self { rooms: IndexMap::default(), limits }
    }

    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }
}

impl<O: Outlet> Hub<O> {
    pub(super) fn event(&mut self, room: RoomKey, seq: Seq, frame: Frame) {
        if !self.rooms.contains_key(&room) {
            return;
        }
        let limits = self.runs.limits;
        let run = self.runs.rooms.entry(room).or_default();
        if run.takes(seq, &frame, limits) {
            return run.push(seq, frame);
        }
        let mut next = Run::default();
        next.push(seq, frame);
        let whole = std::mem::replace(run, next);
        self.tell_run(room, &whole);
    }

    /// Tells what waits, before anything that may change who hears it.
    pub(super) fn finish_runs(&mut self) {
        if self.runs.is_empty() {
            return;
        }
        let mut rooms = std::mem::take(&mut self.runs.rooms);
        for (room, run) in rooms.drain(..) {
            self.tell_run(room, &run);
        }
        // Its memory is used again.
        self.runs.rooms = rooms;
    }

    /// Tells one session what waits for it, before something else is said to
    /// it: answers and events never change places.
    pub(super) fn finish_runs_of(&mut self, id: SessionId) {
        let Some(attached) = self.sessions.get(&id) else { return };
        let rooms: Vec<RoomKey> = if attached.rooms.len() < self.runs.rooms.len() {
            attached
                .rooms
                .iter()
                .copied()
                .filter(|room| self.runs.rooms.contains_key(room))
                .collect()
        } else {
            self.runs.rooms.keys().copied().collect()
        };
        for room in rooms {
            let Some(run) = self.runs.rooms.get(&room) else { continue };
            let subscriber = self.rooms.get_mut(&room).and_then(|all| all.get_mut(&id));
            let lagging = subscriber.is_some_and(|one| tell_each(one, run, &mut self.listed));
            if lagging {
                self.start_lagging(id, room);
            }
        }
    }

    /// What was read for all readers of a room, each of whom has been told
    /// another part of it, perhaps.
    pub(super) fn missed(&mut self, room: RoomKey, after: Seq, upto: Seq, frames: &[(Seq, Frame)]) {
        let Some(subscribers) = self.rooms.get_mut(&room) else { return };
        let mut lagging = Vec::new();
        for (id, subscriber) in subscribers {
            match subscriber.gate.pass_read(after, upto) {
                Passed::After(mut at) => {
                    for (seq, frame) in frames {
                        if *seq > at {
                            if !send_event(&mut self.listed, &subscriber.link, frame) {
                                subscriber.gate.rewind(at);
                                lagging.push(*id);
                                break;
                            }
                            at = *seq;
                        }
                    }
                }
                Passed::Nothing => {}
                Passed::Gap => lagging.push(*id),
            }
        }
        lagging.into_iter().for_each(|id| self.start_lagging(id, room));
    }

    fn tell_run(&mut self, room: RoomKey, run: &Run) {
        let Some(subscribers) = self.rooms.get_mut(&room) else { return };
        self.effects.deliveries += subscribers.len() * run.frames.len();
        let lagging = if subscribers.len() < JOIN_FROM {
            tell(subscribers, run, &mut self.listed, |link| {
                run.frames.iter().take_while(|frame| link.send_event(frame)).count()
            })
        } else if let [frame] = &run.frames[..] {
            let own = frame.detached();
            tell(subscribers, run, &mut self.listed, |link| usize::from(link.send_event(&own)))
        } else {
            let (joined, all) = (Joined::new(&run.frames), run.frames.len());
            tell(subscribers, run, &mut self.listed, |link| {
                if link.send_joined(&joined) { all } else { 0 }
            })
        };
        lagging.into_iter().for_each(|id| self.start_lagging(id, room));
    }
}

/// Tells all; gives those who have to read from the database instead. `send`
/// says how many events there was room for.
fn tell<O: Outlet>(
    subscribers: &mut Subscribers<O>,
    run: &Run,
    listed: &mut Vec<Rc<O>>,
    send: impl Fn(&O) -> usize,
) -> Vec<SessionId> {
    let mut lagging = Vec::new();
    for (id, subscriber) in subscribers {
        if subscriber.gate.pass(run.first, run.last()) {
            let taken = send(&subscriber.link);
            if taken < run.frames.len() {
                subscriber.gate.rewind(Seq(run.first.0 + taken as i64 - 1));
                lagging.push(*id);
            }
            list(listed, &subscriber.link);
        } else if tell_each(subscriber, run, listed) {
            lagging.push(*id);
        }
    }
    lagging
}

/// Tells one event by one; says whether what follows has to be read from the
/// database.
fn tell_each<O: Outlet>(
    subscriber: &mut Subscriber<O>,
    run: &Run,
    listed: &mut Vec<Rc<O>>,
) -> bool {
    let mut lagging = false;
    for (seq, frame) in run.events() {
        match subscriber.gate.offer(seq, frame) {
            Offer::Deliver if send_event(listed, &subscriber.link, frame) => {}
            Offer::Deliver => {
                subscriber.gate.rewind(Seq(seq.0 - 1));
                lagging = true;
            }
            Offer::Keep => {}
            Offer::Gap => lagging = true,
        }
    }
    lagging
}

fn send_event<O: Outlet>(listed: &mut Vec<Rc<O>>, link: &Rc<O>, frame: &Frame) -> bool {
    list(listed, link);
    link.send_event(frame)
}
