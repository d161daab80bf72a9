//! Which rooms a session hears, and from which position on.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use rustc_hash::FxHashSet;

use super::{
    ChatServer,
    answer::{ReplyTo, Shown},
};
use crate::{
    chat::{
        Access, CatchUp, CatchUpKind, CatchUpRoom, ChatError, Item, SessionId, SessionRef,
        state::rooms::{RoomEntry, RoomSeen},
        state::sessions::SessionState,
    },
    db::{InboxHead, ReadError},
};
use parlor_domain::{Position, RoomId, RoomKey, RoomOverview, Seq, User};

/// From where on a session gets a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// From where its overview stands.
    Now,
    /// It has what came up to there.
    From(Seq),
    /// It names nothing and gets what is kept of what came after that.
    Kept(Seq),
    /// What it has is of an earlier life, or of no one's: it starts anew.
    Anew,
}

impl Since {
    /// What a client named, in the timeline as it is now.
    fn of(named: &Position, overview: &RoomOverview) -> Self {
        if named.may_be_of(&overview.epoch) { Self::From(named.seq) } else { Self::Anew }
    }
}

type RoomsSince = Vec<(RoomOverview, Since)>;

/// Past every head: what comes after it cannot be told, and the session is
/// told to start anew.
const NOWHERE: Seq = Seq(i64::MAX / 2);

impl ChatServer {
    pub fn subscribe<A: Shown>(
        &mut self,
        user: User,
        since: Option<Position>,
        reply: ReplyTo<A>,
        access: &Access,
    ) {
        let ReplyTo::Session { session, id } = reply else {
            return self.answer(reply, Err(ChatError::Internal));
        };
        let (reader, room, key) = (self.reader.clone(), access.room.clone(), user.key);
        let granted = access.grant().map(|grant| (grant, self.restrictions.now()));
        let reading = {
            let room = room.key;
            async move { reader.overview(room, key).await }
        };
        if granted.is_some() {
            // Who unsubscribes at once is to find the subscription.
            self.waiting.change_begins(key, room.id.clone());
        }
        self.when(reading, move |read, server| {
            let overview = match (read, granted) {
                // The membership may have ended while the room was read.
                (Ok(Some(overview)), _) if server.is_member(session.id, room.key) => Ok(overview),
                (Ok(Some(overview)), Some(granted)) => {
                    server.watch(session, &user, &room, granted).map(|()| overview)
                }
                (Ok(_), _) => Err(ChatError::NotFound("room")),
                (Err(error), _) => Err(error.into()),
            };
            match overview {
                Ok(overview) => {
                    let kind = CatchUpKind::Subscribe { id };
                    let since = since.map_or(Since::Now, |named| Since::of(&named, &overview));
                    server.attach(session, kind, vec![(overview, since)]);
                }
                Err(refusal) => {
                    server.answer(ReplyTo::<A>::Session { session, id }, Err(refusal));
                }
            }
            if granted.is_some() {
                for request in server.waiting.change_ends(key, &room.id) {
                    server.begin(request);
                }
            }
        });
    }

    /// A session that came back says what it has: those rooms are replayed
    /// from there, the others go live where it was told that they stand.
    pub fn resume<A: Shown>(
        &mut self,
        rooms: BTreeMap<RoomId, Position>,
        inbox: Option<Position>,
        more: bool,
        reply: ReplyTo<A>,
    ) {
        let ReplyTo::Session { session, id } = reply else {
            return self.answer(reply, Err(ChatError::Internal));
        };
        let Some(user) = self.sessions.entries.get(&session.id).map(|entry| entry.user) else {
            return;
        };
        // Those that the session was told of or hears are in memory.
        let unknown = rooms.keys().filter(|room| self.rooms.by_id(room).is_none());
        let (unknown, reader) = (unknown.cloned().collect::<Vec<_>>(), self.reader.clone());
        let reading = async move {
            let head = reader.inbox_head(user).await?;
            Ok::<_, ReadError>((reader.rooms_named(user, &unknown).await?, head))
        };
        self.when(reading, move |read, server| {
            let (read, head) = match read {
                Ok(read) => read,
                Err(error) => {
                    let reply = ReplyTo::<A>::Session { session, id };
                    return server.answer(reply, Err(error.into()));
                }
            };
            let (mut asked, refused) = server.named(session, rooms, read);
            let is_named = asked.iter().map(|(one, _)| one.room.key).collect();
            let others = server.no_longer_awaited(session, &is_named, more);
            if inbox.is_some() || !more {
                asked.extend(server.resumed_inbox(session, inbox, head));
            }
            server.attach(session, CatchUpKind::Quiet, others);
            server.attach(session, CatchUpKind::Resume { id, refused }, asked);
        });
    }

    /// The rooms that a session has named, and those of them that it is not in.
    fn named(
        &self,
        session: SessionRef,
        rooms: BTreeMap<RoomId, Position>,
        read: Vec<RoomOverview>,
    ) -> (RoomsSince, Vec<(RoomId, ChatError)>) {
        let mut read: BTreeMap<RoomId, RoomOverview> =
            read.into_iter().map(|overview| (overview.room.id.clone(), overview)).collect();
        let (mut asked, mut refused) = (Vec::new(), Vec::new());
        for (room, named) in rooms {
            // What is in memory by now is newer than what was read.
            let epoch_of = |key| self.reader.epoch_of(key);
            let overview = |known: &RoomEntry| known.overview(epoch_of(known.room.key));
            let known = self.rooms.by_id(&room).map(overview);
            match known.or_else(|| read.remove(&room)) {
                Some(overview) if self.is_member(session.id, overview.room.key) => {
                    let since = Since::of(&named, &overview);
                    asked.push((overview, since));
                }
                Some(_) | None => refused.push((room, ChatError::NotFound("room"))),
            }
        }
        (asked, refused)
    }

    /// Takes the rooms that a session has named off those that wait for it.
    /// Gives the others, if no more will be named: they go live from where the
    /// session was told that they stand.
    fn no_longer_awaited(
        &mut self,
        session: SessionRef,
        named: &FxHashSet<RoomKey>,
        more: bool,
    ) -> RoomsSince {
        let Some(entry) = self.sessions.entries.get_mut(&session.id) else { return Vec::new() };
        let SessionState::AwaitingResume { listed } = &mut entry.state else { return Vec::new() };
        let is_over = |room: &RoomKey, _: &mut Seq| !more || named.contains(room);
        let over: Vec<(RoomKey, Seq)> = listed.extract_if(is_over).collect();
        if !more {
            entry.state = SessionState::Live;
        }
        self.let_go(over.iter().map(|(room, _)| *room));
        let others = over.into_iter().filter(|(room, _)| !named.contains(room));
        let others = others.filter_map(|(room, since)| {
            let overview = self.rooms.get(room)?.overview(self.reader.epoch_of(room));
            Some((RoomOverview { last_seq: since, ..overview }, Since::Now))
        });
        others.collect()
    }

    /// The inbox from where the client says, or else from where its user's
    /// clients have it. One that is followed already stays as it is, unless
    /// the client says otherwise: it would get its events twice.
    fn resumed_inbox(
        &self,
        session: SessionRef,
        has: Option<Position>,
        head: InboxHead,
    ) -> Option<(RoomOverview, Since)> {
        let user = self.sessions.entries.get(&session.id)?.user;
        let user = &self.sessions.users.get(&user)?.user;
        if has.is_none() && self.is_subscribed(session, RoomKey::inbox_of(user.key)) {
            return None;
        }
        let read = self.inbox_of(user, head.last);
        let read = read.or_else(|| has.as_ref().map(|_| self.inbox_overview(user, Seq::ZERO)))?;
        let since = match has {
            None => Since::Kept(head.acked),
            Some(named) if head.includes(&named, &read) => Since::From(named.seq),
            Some(_) => Since::Anew,
        };
        Some((read, since))
    }

    /// Attaches a session to rooms, each from a position that it has: the one
    /// it named, or the one its overview says.
    ///
    /// The room's head may have moved on since the overview was read; the
    /// session's worker then fetches what lies between.
    pub(super) fn attach(&mut self, session: SessionRef, kind: CatchUpKind, rooms: RoomsSince) {
        if rooms.is_empty() && matches!(kind, CatchUpKind::Quiet) {
            return;
        }
        let mut attached = Vec::with_capacity(rooms.len());
        for (mut overview, since) in rooms {
            let Some(entry) = self.sessions.entries.get_mut(&session.id) else { return };
            entry.settled(overview.room.key);
            let room = self.rooms.activate(&RoomSeen::from(&overview), Instant::now());
            if entry.subscribed.insert(overview.room.key) {
                room.subscriber_added(session.worker);
            }
            overview.room = room.room.clone();
            let head = room.timeline.last_sent().max(overview.last_seq);
            let (asked, kept) = (since != Since::Now, matches!(since, Since::Kept(_)));
            let since = match since {
                Since::Now => overview.last_seq,
                Since::From(since) | Since::Kept(since) => since,
                Since::Anew => NOWHERE,
            };
            attached.push(CatchUpRoom { overview, since, kept, asked, head });
        }
        let catch_up = CatchUp { session: session.id, kind, rooms: attached };
        self.fanout.tell_worker(session.worker, Item::CatchUp(Arc::new(catch_up)));
    }

    pub(super) fn subscribe_quietly(&mut self, session: SessionRef, overview: RoomOverview) {
        self.attach(session, CatchUpKind::Quiet, vec![(overview, Since::Now)]);
    }

    pub(super) fn is_member(&self, session: SessionId, room: RoomKey) -> bool {
        let Some(entry) = self.sessions.entries.get(&session) else { return false };
        self.sessions.standing(entry.user, room).flatten().is_some()
    }

    pub fn is_subscribed(&self, session: SessionRef, room: RoomKey) -> bool {
        let entry = self.sessions.entries.get(&session.id);
        entry.is_some_and(|entry| entry.subscribed.contains(&room))
    }

    pub fn unsubscribe_session(&mut self, session: SessionRef, room: RoomKey) {
        self.detach_session(session.id, room);
        let item = Item::Unsubscribe { session: session.id, room };
        self.fanout.tell_worker(session.worker, item);
    }

    /// Forgets a subscription; the worker is told by the caller.
    pub(super) fn detach_session(&mut self, session: SessionId, room: RoomKey) {
        let Some(entry) = self.sessions.entries.get_mut(&session) else { return };
        entry.settled(room);
        let was_awaited = match &mut entry.state {
            SessionState::AwaitingResume { listed } => listed.remove(&room).is_some(),
            SessionState::Connecting { .. } | SessionState::Live => false,
        };
        let was_subscribed = entry.subscribed.remove(&room);
        self.watchers.left(session, entry.user, room);
        let Some(room) = self.rooms.get_mut(room) else { return };
        if was_awaited {
            room.awaited_by_one_less();
        }
        if was_subscribed {
            room.subscriber_removed(entry.at.worker);
        }
    }
}
