//! The ChatServer. What it does is in the files below, one per concern.

mod admin;
mod answer;
mod asking;
mod bounds;
mod bulk;
mod by_rule;
mod commit;
mod connect;
mod direct;
mod drain;
mod imported;
mod inbox;
mod lagging;
mod left_rooms;
mod listing;
mod lookup;
mod maintenance;
mod marks;
mod meeting;
mod member;
mod messages;
mod operation;
mod own;
mod presence;
mod remote;
mod replay;
mod request;
mod room;
mod saved;
mod scheduled;
mod streams;
mod subscribe;
mod turn;
mod users;
mod watching;

use std::{sync::Arc, time::Duration};

use actix::{Actor, Addr, Context, Recipient};
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::{oneshot, watch};

pub use answer::{ReplyTo, Shown};
pub use asking::Decision;
pub use marks::ReadMark;
pub use member::{Leaving, MemberAdded, adder};
pub use messages::*;
pub use operation::{AnyOperation, Anywhere, Asked, Operation, Place, Request};

use super::{
    ReadyLists, ToNodes,
    nodes::Nodes,
    state::{
        bulks::Bulks,
        crowds::Crowds,
        marks::Marks,
        own::OwnReadings,
        presence::{Arrivals, Departures, Erased},
        purges::Purges,
        questions::Questions,
        restrictions::Restrictions,
        rooms::{Rooms, UnseenHeads},
        sessions::Sessions,
        streams::{Others, Streams},
        typing::Typing,
        waiting::WaitingRoom,
        watchers::Watchers,
    },
};
use crate::{
    callbacks::Callbacks,
    db::{Committed, Reader, SetCommitted, Ticket, Writer},
    limiter::Rates,
    name_thread,
    push::Services,
};
use asking::Decided;
use bulk::StartBulk;
use commit::Settle;
use parlor_domain::{
    Contact, CreationRules, MessageId, MessageIds, Retention, RoomKey, UserKey,
    limits::{INTEREST_TICK, Limits, PRESENCE_TICK, ROOM_SWEEP, STREAM_SWEEP, WATCH_TICK},
};
use turn::{Fanout, every};

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
    /// Which rooms are made when they are first used.
    pub room_rules: CreationRules,
    /// How long an event waits for a user who is away.
    pub inbox_ttl: Duration,
    /// What a room keeps of its history if it has no rule of its own.
    pub retention: Retention,
    /// How often what is too old is looked for.
    pub retention_tick: Duration,
    /// How long an open room stays that all have left.
    pub empty_room_ttl: Duration,
    /// What messages are looked through for.
    pub lists: ReadyLists,
    /// By whom devices are told.
    pub push: Services,
    /// What the application is asked.
    pub callbacks: Callbacks,
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
    writer: Addr<Writer>,
    pub(crate) reader: Reader,
    pub(crate) ids: MessageIds,
    pub(crate) sessions: Sessions,
    pub(crate) rooms: Rooms,
    fanout: Fanout,
    /// What to do when a write has committed. Bounded by the writer, which
    /// refuses what is past its limit at once.
    pending: FxHashMap<Ticket, Box<Settle>>,
    next_ticket: u64,
    waiting: WaitingRoom<Request>,
    /// What the application is being asked about.
    questions: Questions<Decided, Request>,
    /// What is done, or not up to the server, and still to be answered.
    finishing: usize,
    /// Members who may do less than before. See `read_access`.
    pub(crate) restrictions: Restrictions,
    /// Who hears rooms without being a member.
    watchers: Watchers,
    /// Big rooms whose number of members has changed.
    crowds: Crowds,
    /// Changes of many members that wait for their turn.
    bulks: Bulks<Box<StartBulk>>,
    /// Set once the server is shutting down; answered when nothing is in
    /// flight any more.
    draining: Option<Vec<oneshot::Sender<()>>>,
    /// Those that the batch in hand has moved.
    pub(crate) marks: Marks,
    /// What is being read of what users have for themselves.
    own: OwnReadings,
    /// Rooms whose invisible rows are still to be deleted.
    purges: Purges,
    /// What the other nodes are to know, where there are any.
    nodes: Nodes,
    /// Rooms that this node hears from now on.
    unseen_heads: UnseenHeads,
    /// Rooms in which something was committed that was not told here.
    lagging: FxHashSet<RoomKey>,
    /// Itself.
    me: Addr<ChatServer>,
    typing: Typing,
    /// Messages that are written over this node, and over others.
    streams: Streams,
    other_streams: Others,
    /// Their readers are told more within a short time.
    tells_streams: bool,
    /// They are looked after soon.
    watches_streams: bool,
    departures: Departures,
    /// Users whose status changes too often to be told at once.
    status_later: FxHashSet<UserKey>,
    /// Who came and went and is still to be written down.
    arrivals: Arrivals,
    erased: Erased,
    /// Users who are called or look otherwise, and are still to be read and told.
    changed_users: FxHashSet<UserKey>,
    /// One of them is being read.
    reads_changed_users: bool,
    /// The users whose messages are becoming tombstones.
    erasing: FxHashSet<UserKey>,
    /// Rooms are being looked at for what is too old.
    looks_after_rooms: bool,
    /// The same for rooms that all have left.
    looks_after_left: bool,
}

/// What a stop has cut short.
#[derive(Debug, Default)]
pub struct Unfinished {
    /// Rooms with rows that nobody can see.
    pub purges: Vec<RoomKey>,
    /// Deleted users whose messages are still there.
    pub erasures: Vec<UserKey>,
}

impl ChatServer {
    pub fn new(
        me: Addr<Self>,
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
            waiting: WaitingRoom::default(),
            questions: Questions::default(),
            finishing: 0,
            restrictions: Restrictions::default(),
            watchers: Watchers::default(),
            crowds: Crowds::default(),
            bulks: Bulks::default(),
            status_later: FxHashSet::default(),
            draining: None,
            marks: Marks::default(),
            own: OwnReadings::default(),
            purges: unfinished.purges.into_iter().collect(),
            nodes: Nodes::new(bus),
            unseen_heads: UnseenHeads::default(),
            lagging: FxHashSet::default(),
            me,
            typing: Typing::default(),
            streams: Streams::default(),
            other_streams: Others::default(),
            tells_streams: false,
            watches_streams: false,
            departures: Departures::default(),
            arrivals: Arrivals::default(),
            erased: Erased::default(),
            changed_users: FxHashSet::default(),
            reads_changed_users: false,
            erasing: unfinished.erasures.into_iter().collect(),
            looks_after_rooms: false,
            looks_after_left: false,
        }
    }
}

impl Actor for ChatServer {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        name_thread("chat");
        self.writer.do_send(SetCommitted(self.me.clone().recipient::<Committed>()));
        if self.nodes.has_others() {
            self.rooms.track();
            self.sessions.track();
            every(INTEREST_TICK, Self::tell_interest, ctx);
        }
        every(ROOM_SWEEP, Self::sweep, ctx);
        every(PRESENCE_TICK, Self::look_after_presence, ctx);
        every(STREAM_SWEEP, Self::end_left_streams, ctx);
        if self.settings.callbacks.access.is_some() {
            every(WATCH_TICK, Self::look_after_watchers, ctx);
        }
        every(self.settings.retention_tick, Self::look_after_age, ctx);
        self.purge_next();
        for user in self.erasing.iter().copied().collect::<Vec<_>>() {
            self.erase_next(user, MessageId(0));
        }
    }
}
