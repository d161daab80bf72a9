//! A session comes and goes.

use rustc_hash::FxHashMap;

use super::{ChatServer, member::MemberAdded, subscribe::Since, turn::Turn};
use crate::{
    callbacks::Permission,
    chat::{
        Access, CatchUpKind, ChatError, Connect, Disconnect, Item, RegisterWorker, Renewed,
        Requester, SessionId, SessionRef, state::sessions::SessionState,
    },
    db::Arrival,
    protocol::{
        Close, ErrorView,
        server_frame::{self, SessionView},
    },
};
use parlor_domain::{
    Adder, RoomId, RoomKey, UserKey,
    limits::{READ_AGAIN, ROOMS_PIECE},
};

impl Turn for RegisterWorker {
    fn take(self, server: &mut ChatServer) {
        server.fanout.register(self.id, self.hub);
    }
}

impl ChatServer {
    pub(super) fn connect(&mut self, connect: Connect) {
        let (session, user, join) = (connect.session, connect.user.key, connect.join.clone());
        if self.draining.is_some() {
            self.close(session, Close::GoingAway);
        } else if self.sessions.connections_of(user) >= self.settings.limits.connections_per_user {
            self.close(session, Close::TooManyConnections);
            self.probe(user);
        } else if self.erased.contains(user) {
            self.close(session, Close::Disconnected);
        } else if let Err(close) = (connect.is_valid.0)() {
            self.close(session, close);
        } else {
            let from = Requester::plain(connect.user.clone());
            self.waiting.session_comes(user, session.id);
            self.sessions.add(connect);
            match join {
                Some(room) => self.join_then_connect(session.id, from, room),
                None => self.continue_connect(session.id),
            }
        }
    }

    /// Revoking counts for the token that the session has now.
    pub(super) fn renewed(&mut self, renewed: Renewed) {
        let Renewed { session, roles, role_context, token_id, sign_in, issued_at, is_valid } =
            renewed;
        if let Err(close) = (is_valid.0)() {
            self.close(session, close);
        }
        if let Some(entry) = self.sessions.entries.get_mut(&session.id) {
            entry.roles = roles;
            (entry.token_id, entry.sign_in) = (token_id, sign_in);
            entry.issued_at = issued_at;
            self.sessions.set_role_context(session.id, role_context);
        }
    }

    pub(super) fn disconnected(&mut self, Disconnect { session }: &Disconnect) {
        let session = *session;
        let Some((entry, gone)) = self.sessions.remove(session.id) else { return };
        self.waiting.listed_all(entry.user, session.id);
        self.departed(session.id, entry.user, gone);
        if let SessionState::AwaitingResume { listed } = entry.state {
            self.let_go(listed.into_keys());
        }
        for room in entry.subscribed {
            self.watchers.left(session.id, entry.user, room);
            if let Some(room) = self.rooms.get_mut(room) {
                room.subscriber_removed(session.worker);
            }
        }
    }

    pub(super) fn close(&mut self, session: SessionRef, close: Close) {
        let item = Item::Close { session: session.id, close, reason: None };
        self.fanout.tell_worker(session.worker, item);
    }

    /// Whoever of a user's connections has died without a word is found soon,
    /// and makes room; those that are there are never closed for another.
    fn probe(&mut self, user: UserKey) {
        for id in self.sessions.ids_of(user).iter() {
            if let Some(entry) = self.sessions.entries.get(id) {
                self.fanout.tell_worker(entry.at.worker, Item::Probe { session: *id });
            }
        }
    }

    /// `?room=` joins a public room before the session is told of its rooms.
    /// A refusal is no reason not to connect: it is told behind the rooms.
    fn join_then_connect(&mut self, session: SessionId, from: Requester, room: RoomId) {
        let reading = self.access_for(room.clone(), &from, true);
        self.when(reading, move |(access, permission), server| match access {
            Err(ChatError::NotFound(_)) => server.open_then_join(session, from, &room, permission),
            access => {
                let access = access.map(|access| access.with(permission.as_ref()));
                server.join(session, from, access);
            }
        });
    }

    /// The room is not there: it may be made by rule.
    fn open_then_join(
        &mut self,
        session: SessionId,
        from: Requester,
        room: &RoomId,
        permission: Option<Permission>,
    ) {
        let open = self.by_rule(&from, room).map(|access| access.with(permission.as_ref()));
        let open = open.ok_or(ChatError::NotFound("room"));
        let access = match open.and_then(|access| access.may_join().map(|()| access)) {
            Ok(access) => access,
            Err(refused) => return self.continue_without_joining(session, refused),
        };
        self.open_by_rule(&from.clone(), access, move |server, access| {
            server.join(session, from, access);
        });
    }

    fn join(&mut self, session: SessionId, from: Requester, access: Result<Access, ChatError>) {
        match access.and_then(|access| access.may_join().map(|()| access)) {
            Ok(access) if access.standing.is_none() => {
                let then = move |server: &mut Self, added: Result<_, _>| match added {
                    Ok(MemberAdded { .. }) => server.continue_connect(session),
                    Err(error) => server.continue_without_joining(session, error),
                };
                self.add_member(&access.room, from.user, Adder::Oneself, false, then);
            }
            Ok(_) => self.continue_connect(session),
            Err(error) => self.continue_without_joining(session, error),
        }
    }

    pub(super) fn continue_without_joining(&mut self, session: SessionId, error: ChatError) {
        if let Some(entry) = self.sessions.entries.get_mut(&session) {
            entry.not_joined = Some(Box::new(error));
        }
        self.continue_connect(session);
    }

    pub(super) fn continue_connect(&mut self, session: SessionId) {
        self.read_memberships(session, READ_AGAIN);
    }

    fn read_memberships(&mut self, session: SessionId, tries: usize) {
        let Some(entry) = self.sessions.entries.get(&session) else { return };
        let (at, user) = (entry.at, entry.user);
        let Some(online) = self.sessions.users.get(&user) else { return };
        // Who is there already has memberships that are kept up to date.
        let (epoch, knows) = (online.epoch, online.rooms.is_some());
        let reader = self.reader.clone();
        let reading = async move { reader.arrival(user, ROOMS_PIECE, knows).await };
        self.when(reading, move |arrival, server| {
            let overtaken =
                server.sessions.users.get(&user).is_some_and(|online| online.epoch != epoch);
            match arrival {
                _ if overtaken && tries > 0 => server.read_memberships(session, tries - 1),
                Ok(arrival) if !overtaken => {
                    server.ready(at, arrival);
                    server.begin_waiting(session);
                }
                // The client comes back a little later.
                Ok(_) | Err(_) => server.close(at, Close::Overloaded),
            }
        });
    }

    /// What the session asked meanwhile, in the order it asked.
    pub(super) fn begin_waiting(&mut self, session: SessionId) {
        let Some(entry) = self.sessions.entries.get(&session) else { return };
        let waiting = match entry.listing {
            Some(_) => self.waiting.listed_some(entry.user, session),
            None => self.waiting.listed_all(entry.user, session),
        };
        for request in waiting {
            self.begin(request);
        }
    }

    /// Tells a session who it is and where its rooms stand, some of them.
    fn ready(&mut self, at: SessionRef, arrival: Arrival) {
        let Arrival { standings, rooms, has_more, inbox, blocked } = arrival;
        let Some(entry) = self.sessions.entries.get_mut(&at.id) else { return };
        let Some(online) = self.sessions.users.get_mut(&entry.user) else { return };
        online.blocked = blocked;
        if let Some(standings) = standings {
            online.rooms = Some(standings.into_iter().collect());
        }
        entry.listing = Some(Box::default());
        entry.state = match entry.state {
            SessionState::Connecting { resume: true } => {
                SessionState::AwaitingResume { listed: FxHashMap::default() }
            }
            _ => SessionState::Live,
        };
        let waits = !matches!(entry.state, SessionState::Live);
        let Some(piece) = self.next_rooms(at, rooms, has_more) else { return };
        let Some(entry) = self.sessions.entries.get(&at.id) else { return };
        let Some(online) = self.sessions.users.get(&entry.user) else { return };
        let view = SessionView::new(
            &online.user,
            &entry.roles,
            at.id.0,
            self.settings.heartbeat_interval,
            &self.settings.limits,
            (&self.settings.rates).into(),
        );
        let total = online.rooms.as_ref().map_or(0, FxHashMap::len);
        let user = online.user.clone();
        let epoch = self.reader.epoch_of(RoomKey::inbox_of(user.key));
        let frame = server_frame::session_ready(&view, total, piece.view(), inbox.last, &epoch);
        self.tell_rooms(at, frame, piece);
        self.tell_not_joined(at);
        if !waits && let Some(overview) = self.inbox_of(&user, inbox.last) {
            self.attach(at, CatchUpKind::Quiet, vec![(overview, Since::Kept(inbox.acked))]);
        }
        self.arrived(user.key);
    }

    /// A room that could not be joined, behind those that there are.
    fn tell_not_joined(&mut self, at: SessionRef) {
        let entry = self.sessions.entries.get_mut(&at.id);
        let Some(error) = entry.and_then(|entry| entry.not_joined.take()) else { return };
        let view = ErrorView { field: Some("room"), ..ErrorView::from(&*error) };
        let frame = server_frame::error(None, &view);
        self.tell_session(at, frame);
    }
}
