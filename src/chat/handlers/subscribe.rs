//! Which rooms a session hears, and from which position on.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use actix::Context;

use super::publish::inbox_overview;
use crate::{
    chat::{
        Answer, ChatError, ChatServer, ReplyTo, RequestId, Requester, SessionId, SessionRef,
        access::Access,
        fanout::{CatchUp, CatchUpKind, CatchUpRoom, Item},
        room::RoomSeen,
        session::SessionState,
    },
    db::Arrival,
    domain::{RoomId, RoomKey, RoomOverview, Seq},
};

impl ChatServer {
    pub(super) fn subscribe(
        &mut self,
        from: Requester,
        since: Option<Seq>,
        reply: ReplyTo,
        access: Access,
        ctx: &mut Context<Self>,
    ) {
        let ReplyTo::Session { session, id } = reply else {
            return self.answer(reply, Err(ChatError::Internal));
        };
        let (reader, room, user) = (self.reader.clone(), access.room.key, from.user.key);
        let reading = async move { reader.overview(room, user).await };
        Self::when(ctx, reading, move |read, server, _| {
            match read {
                // The membership may have ended while the room was read.
                Ok(Some(overview)) if server.is_member(session.id, room) => {
                    let kind = CatchUpKind::Subscribe { id };
                    server.attach(session, kind, vec![(overview, since)]);
                }
                Ok(_) => {
                    let reply = ReplyTo::Session { session, id };
                    server.answer(reply, Err(ChatError::NotFound("room")));
                }
                Err(error) => {
                    server.answer(ReplyTo::Session { session, id }, Err(error.into()));
                }
            }
            server.fanout.flush();
        });
    }

    pub(super) fn unsubscribe(&mut self, reply: ReplyTo, room: RoomKey) {
        if let ReplyTo::Session { session, .. } = &reply {
            self.unsubscribe_session(*session, room);
        }
        self.answer(reply, Ok(Answer::Done));
    }

    /// A session that came back says what it has: those rooms are replayed
    /// from there, the others go live where `session.ready` said they stand.
    pub(super) fn resume(
        &mut self,
        named: BTreeMap<RoomId, Seq>,
        inbox: Option<Seq>,
        reply: ReplyTo,
        ctx: &mut Context<Self>,
    ) {
        let ReplyTo::Session { session, id } = reply else {
            return self.answer(reply, Err(ChatError::Internal));
        };
        let Some(user) = self.sessions.entries.get(&session.id).map(|entry| entry.user) else {
            return;
        };
        let reader = self.reader.clone();
        let reading = async move { reader.arrival(user).await };
        Self::when(ctx, reading, move |arrival, server, _| {
            match arrival {
                Ok(arrival) => server.resume_rooms(session, id, named, inbox, arrival),
                Err(error) => {
                    server.answer(ReplyTo::Session { session, id }, Err(error.into()));
                }
            }
            server.fanout.flush();
        });
    }

    fn resume_rooms(
        &mut self,
        session: SessionRef,
        id: Option<RequestId>,
        mut named: BTreeMap<RoomId, Seq>,
        inbox: Option<Seq>,
        arrival: Arrival,
    ) {
        let Arrival { rooms, inbox_last, inbox_acked } = arrival;
        let Some(entry) = self.sessions.entries.get_mut(&session.id) else { return };
        let told = match std::mem::replace(&mut entry.state, SessionState::Live) {
            SessionState::AwaitingResume { told } => told,
            SessionState::Live | SessionState::Connecting { .. } => Default::default(),
        };
        let mut asked = Vec::new();
        let mut others = Vec::new();
        for overview in rooms {
            let room = overview.room.key;
            if !self.is_member(session.id, room) {
                continue;
            }
            if let Some(since) = named.remove(&overview.room.id) {
                asked.push((overview, Some(since)));
            } else if let Some(since) = told.get(&room).copied() {
                others.push((RoomOverview { last_seq: since, ..overview }, None));
            }
        }
        asked.extend(self.resumed_inbox(session, inbox, inbox_last, inbox_acked));
        let refused = named.into_keys().map(|room| (room, ChatError::NotFound("room"))).collect();
        self.attach(session, CatchUpKind::Quiet, others);
        self.attach(session, CatchUpKind::Resume { id, refused }, asked);
    }

    /// The inbox from where the client says, or else from where its user's
    /// clients have it. One that is followed already stays as it is, unless
    /// the client says otherwise: it would get its events twice.
    fn resumed_inbox(
        &self,
        session: SessionRef,
        has: Option<Seq>,
        last: Seq,
        acked: Seq,
    ) -> Option<(RoomOverview, Option<Seq>)> {
        let user = self.sessions.entries.get(&session.id)?.user;
        let user = &self.sessions.users.get(&user)?.user;
        if has.is_none() && self.is_subscribed(session, RoomKey::inbox_of(user.key)) {
            return None;
        }
        let read = self.inbox_of(user, last);
        let read = read.or_else(|| has.map(|_| inbox_overview(user, Seq::ZERO)))?;
        // One who claims more than there is has it all.
        let since = has.unwrap_or(acked).min(read.last_seq);
        Some((read, Some(since)))
    }

    /// Attaches a session to rooms, each from a position that it has: the one
    /// it named, or the one its overview says.
    ///
    /// The room's head may have moved on since the overview was read; the
    /// session's worker then fetches what lies between.
    pub(super) fn attach(
        &mut self,
        session: SessionRef,
        kind: CatchUpKind,
        rooms: Vec<(RoomOverview, Option<Seq>)>,
    ) {
        if rooms.is_empty() && matches!(kind, CatchUpKind::Quiet) {
            return;
        }
        let mut attached = Vec::with_capacity(rooms.len());
        for (overview, since) in rooms {
            let Some(entry) = self.sessions.entries.get_mut(&session.id) else { return };
            let room = self.rooms.activate(&RoomSeen::from(&overview), Instant::now());
            if entry.subscribed.insert(overview.room.key) {
                room.subscriber_added(session.worker);
            }
            let head = room.timeline.told().max(overview.last_seq);
            let asked = since.is_some();
            let since = since.unwrap_or(overview.last_seq);
            attached.push(CatchUpRoom { overview, since, asked, head });
        }
        let catch_up = CatchUp { session: session.id, kind, rooms: attached };
        self.fanout.tell_worker(session.worker, Item::CatchUp(Arc::new(catch_up)));
    }

    pub(super) fn subscribe_quietly(&mut self, session: SessionRef, overview: RoomOverview) {
        self.attach(session, CatchUpKind::Quiet, vec![(overview, None)]);
    }

    pub(super) fn is_member(&self, session: SessionId, room: RoomKey) -> bool {
        let Some(entry) = self.sessions.entries.get(&session) else { return false };
        self.sessions.standing(entry.user, room).flatten().is_some()
    }

    pub(super) fn is_subscribed(&self, session: SessionRef, room: RoomKey) -> bool {
        let entry = self.sessions.entries.get(&session.id);
        entry.is_some_and(|entry| entry.subscribed.contains(&room))
    }

    pub(super) fn unsubscribe_session(&mut self, session: SessionRef, room: RoomKey) {
        self.detach_session(session.id, room);
        let item = Item::Unsubscribe { session: session.id, room };
        self.fanout.tell_worker(session.worker, item);
    }

    /// Forgets a subscription; the worker is told by the caller.
    pub(super) fn detach_session(&mut self, session: SessionId, room: RoomKey) {
        let Some(entry) = self.sessions.entries.get_mut(&session) else { return };
        if let SessionState::AwaitingResume { told } = &mut entry.state {
            told.remove(&room);
        }
        if entry.subscribed.remove(&room)
            && let Some(room) = self.rooms.get_mut(room)
        {
            room.subscriber_removed(entry.at.worker);
        }
    }
}
