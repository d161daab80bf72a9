use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actix::{Actor, Addr, AsyncContext, Context, Handler, Recipient};
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::{oneshot, watch};

use super::{
    ChatError, ReplyTo, Request, Shown, ToNodes,
    crowds::Crowds,
    fanout::{Fanout, Item},
    handlers::Marks,
    hold::Holds,
    nodes::Nodes,
    presence::{Arrivals, Departures, Erased},
    purges::Purges,
    restrictions::Restrictions,
    room::{Rooms, UnseenHeads},
    session::Sessions,
    typing::Typing,
};
use crate::{
    db::{
        Committed, Purge, Reader, Reply, SetCommitted, Submit, Ticket, Write, WriteResult, Writer,
    },
    limiter::Rates,
};
use parlor_domain::{
    Contact, MessageId, MessageIds, Retention, RoomId, RoomKey, UserKey,
    limits::{FANOUT_BACKLOG, INTEREST_TICK, Limits, PRESENCE_TICK, ROOM_IDLE, ROOM_SWEEP},
};
use parlor_websocket::Frame;

/// What the ChatServer needs to know of the deployment.
#[derive(Clone)]
pub struct ChatSettings {
    pub limits: Arc<Limits>,
    pub rates: Rates,
    pub heartbeat_interval: Duration,
    /// How long a user may be without a connection before others are told.
    pub presence_grace: Duration,
    /// Who may bring whom into a room.
    pub contact: Contact,
    /// How long an event waits for a user who is away.
    pub inbox_ttl: Duration,
    /// What a room keeps of its history if it has no rule of its own.
    pub retention: Retention,
    /// How often what is too old is looked for.
    pub retention_tick: Duration,
    /// How long an open room stays that all have left.
    pub empty_room_ttl: Duration,
    /// Somebody outside wants to know who comes, so it is written down.
    pub tells_arrivals: bool,
    /// There may be other nodes on this database.
    pub has_nodes: bool,
    /// Whether this is the node that does what only one should.
    pub leads: watch::Receiver<bool>,
    /// Over how long a time clients come back when the server stops.
    pub goaway_spread: Duration,
}

/// Tracks rooms, users and sessions; the only place that decides who hears
/// what.
///
/// Invariant: an event is told only from the handler of [`Committed`], in the
/// order of the commits. All changes of a room go through that one door, so
/// its `seq` order is the order in which its subscribers are told.
pub struct ChatServer {
    pub(crate) settings: ChatSettings,
    pub(super) writer: Addr<Writer>,
    pub(crate) reader: Reader,
    pub(crate) ids: MessageIds,
    pub(crate) sessions: Sessions,
    pub(crate) rooms: Rooms,
    pub(super) fanout: Fanout,
    /// What to do when a write has committed. Bounded by the writer, which
    /// refuses what is past its limit at once.
    pub(super) pending: FxHashMap<Ticket, Box<Settle>>,
    next_ticket: u64,
    /// Members who are being changed, and what they ask meanwhile.
    pub(super) holds: Holds,
    /// Requests whose user's access to the room is being read, in order.
    pub(super) waiting: FxHashMap<(UserKey, RoomId), Vec<Request>>,
    /// Commits whose answer still needs a read.
    pub(super) finishing: usize,
    /// Members who may do less than before. See `read_access`.
    pub(crate) restrictions: Restrictions,
    /// Big rooms whose number of members has changed.
    pub(super) crowds: Crowds,
    /// Set once the server is shutting down; answered when nothing is in
    /// flight any more.
    pub(super) draining: Option<Vec<oneshot::Sender<()>>>,
    /// Those that the batch in hand has moved.
    pub(crate) marks: Marks,
    /// Rooms whose invisible rows are still to be deleted.
    pub(super) purges: Purges,
    /// What the other nodes are to know, where there are any.
    pub(super) nodes: Nodes,
    /// Rooms that this node hears from now on.
    pub(super) unseen_heads: UnseenHeads,
    /// Rooms in which something was committed that was not told here.
    pub(super) behind: FxHashSet<RoomKey>,
    /// Itself, once it has started.
    pub(super) me: Option<Addr<ChatServer>>,
    pub(super) typing: Typing,
    pub(super) departures: Departures,
    /// Users whose status changes too often to be told at once.
    pub(super) status_later: FxHashSet<UserKey>,
    /// Who came and went and is still to be written down.
    pub(super) arrivals: Arrivals,
    pub(super) erased: Erased,
    /// The users whose messages are becoming tombstones.
    pub(super) erasing: FxHashSet<UserKey>,
    /// Rooms are being looked at for what is too old.
    pub(super) looks_after_rooms: bool,
    /// The same for rooms that all have left.
    pub(super) looks_after_left: bool,
}

/// What is done about a write that has committed, or was refused.
pub(super) type Settle = dyn FnOnce(&mut ChatServer, WriteResult, &mut Context<ChatServer>);

/// What a stop has cut short.
#[derive(Debug, Default)]
pub struct Unfinished {
    /// Rooms with rows that nobody can see.
    pub purges: Vec<RoomKey>,
    /// Deleted users whose messages are still there.
    pub erasures: Vec<UserKey>,
}

/// Said by the ChatServer to itself when what it waited for is there.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub(super) struct Continue(Box<Continuation>);

impl Continue {
    pub fn new(
        then: impl FnOnce(&mut ChatServer, &mut Context<ChatServer>) + Send + 'static,
    ) -> Self {
        Self(Box::new(then))
    }
}

type Continuation = dyn FnOnce(&mut ChatServer, &mut Context<ChatServer>) + Send;

impl Handler<Continue> for ChatServer {
    type Result = ();

    fn handle(&mut self, Continue(then): Continue, ctx: &mut Self::Context) {
        then(self, ctx);
    }
}

impl ChatServer {
    /// Waits for `future` beside the actor, and goes on with `then` in it.
    ///
    /// Not `ctx.spawn`: an actor polls all of its futures whenever it wakes.
    /// With 5,000 clients that come back at once that took 8 s of CPU where
    /// this takes 3.
    pub fn when<F>(
        ctx: &mut Context<Self>,
        future: F,
        then: impl FnOnce(F::Output, &mut Self, &mut Context<Self>) + Send + 'static,
    ) where
        F: Future + 'static,
        F::Output: Send + 'static,
    {
        let server = ctx.address();
        actix::spawn(async move {
            let output = future.await;
            // As bounded as what is waited for: one of these for each.
            server.do_send(Continue(Box::new(move |server, ctx| then(output, server, ctx))));
        });
    }

    pub fn new(
        settings: ChatSettings,
        writer: Addr<Writer>,
        reader: Reader,
        ids: MessageIds,
        unfinished: Unfinished,
        bus: Option<Recipient<ToNodes>>,
    ) -> Self {
        Self {
            settings,
            writer,
            reader,
            ids,
            sessions: Sessions::default(),
            rooms: Rooms::default(),
            fanout: Fanout::default(),
            pending: FxHashMap::default(),
            next_ticket: 0,
            holds: Holds::default(),
            waiting: FxHashMap::default(),
            finishing: 0,
            restrictions: Restrictions::default(),
            crowds: Crowds::default(),
            status_later: FxHashSet::default(),
            draining: None,
            marks: Marks::default(),
            purges: unfinished.purges.into_iter().collect(),
            nodes: Nodes::new(bus),
            unseen_heads: UnseenHeads::default(),
            behind: FxHashSet::default(),
            me: None,
            typing: Typing::default(),
            departures: Departures::default(),
            arrivals: Arrivals::default(),
            erased: Erased::default(),
            erasing: unfinished.erasures.into_iter().collect(),
            looks_after_rooms: false,
            looks_after_left: false,
        }
    }

    /// Hands a change to the database; `then` is called with what came of it,
    /// in the order of the commits.
    pub(super) fn write<W: Write>(
        &mut self,
        write: W,
        then: impl FnOnce(&mut Self, Result<W::Outcome, ChatError>, &mut Context<Self>) + 'static,
    ) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let settle = Box::new(move |server: &mut Self, result: WriteResult, ctx: &mut _| {
            let outcome = result.map_err(ChatError::from);
            let outcome = outcome.and_then(|all| W::outcome(all).ok_or(ChatError::Internal));
            then(server, outcome, ctx);
        });
        self.pending.insert(ticket, settle);
        // The writer only queues, and refuses what is past its bound.
        self.writer.do_send(Submit { write: write.queued(), reply: Reply::InOrder(ticket) });
        ticket
    }

    /// The same for somebody who asked: a refusal is their answer.
    pub fn write_for<W: Write, A: Shown>(
        &mut self,
        reply: ReplyTo<A>,
        write: W,
        then: impl FnOnce(&mut Self, ReplyTo<A>, W::Outcome, &mut Context<Self>) + 'static,
    ) -> Ticket {
        self.write(write, move |server, outcome, ctx| match outcome {
            Ok(outcome) => then(server, reply, outcome, ctx),
            Err(refusal) => server.answer(reply, Err(refusal)),
        })
    }

    /// The same for what is only to be done.
    pub fn write_and_answer<W: Write>(&mut self, reply: ReplyTo<()>, write: W) {
        self.write_for(reply, write, |server, reply, _, _| server.answer(reply, Ok(())));
    }

    /// The same for a change of a member: what that one asks in the room
    /// waits until it is settled.
    pub fn write_about<W: Write, A: Shown>(
        &mut self,
        place: (UserKey, RoomKey),
        reply: ReplyTo<A>,
        write: W,
        then: impl FnOnce(&mut Self, ReplyTo<A>, W::Outcome, &mut Context<Self>) + 'static,
    ) {
        let ticket = self.write_for(reply, write, then);
        self.holds.begin(ticket, place);
    }

    /// Whether new requests are refused: the server is going away, or a
    /// worker thread does not keep up.
    pub(super) fn is_closed_to_requests(&self) -> bool {
        self.draining.is_some() || self.fanout.backlog() > FANOUT_BACKLOG
    }

    /// Hands on what is to be told, once all of it is known.
    pub fn flush(&mut self) {
        self.fanout.flush();
    }

    /// To all of a user's sessions that have been told of their rooms.
    pub fn tell_user(&mut self, user: UserKey, frame: &Frame) {
        for session in self.sessions.ready_of(user) {
            let item = Item::Frame { session: session.id, frame: frame.clone() };
            self.fanout.tell_worker(session.worker, item);
        }
    }

    /// An event without a place in the room's timeline.
    pub fn tell_notice(&mut self, room: RoomKey, frame: Frame) {
        self.tell_room(room, &Item::Notice { room, frame: frame.for_many() });
    }

    /// To the subscribers of a room that is in memory.
    pub(super) fn tell_room(&mut self, room: RoomKey, item: &Item) {
        if let Some(entry) = self.rooms.get(room) {
            self.fanout.tell_room(entry, item);
        }
    }

    /// Continues to delete the rows that nobody can see, a bounded number at
    /// a time, so that the write lane stays free.
    pub(super) fn purge_next(&mut self) {
        if let (Some(room), None) = (self.purges.first(), &self.draining) {
            // One that fails is tried again at the next start.
            self.write(Purge { room }, |server, more, _| server.purged(more.unwrap_or(false)));
        }
    }
}

impl Actor for ChatServer {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let committed = ctx.address().recipient::<Committed>();
        self.me = Some(ctx.address());
        self.writer.do_send(SetCommitted(committed));
        if self.nodes.has_others() {
            self.rooms.track();
            self.sessions.track();
            ctx.run_interval(INTEREST_TICK, |server, ctx| server.tell_interest(ctx));
        }
        ctx.run_interval(ROOM_SWEEP, |server, _| {
            server.rooms.sweep(Instant::now(), ROOM_IDLE);
            server.restrictions.forget();
        });
        ctx.run_interval(PRESENCE_TICK, |server, _| server.look_after_presence());
        ctx.run_interval(self.settings.retention_tick, |server, ctx| server.look_after_age(ctx));
        self.purge_next();
        for user in self.erasing.iter().copied().collect::<Vec<_>>() {
            self.erase_next(user, MessageId(0), ctx);
        }
    }
}

/// The clock, read here and handed to what is pure.
pub(super) use crate::clock::now;

/// A reply that nobody waits for.
pub fn nobody<A>() -> ReplyTo<A> {
    ReplyTo::Caller(oneshot::channel().0)
}
