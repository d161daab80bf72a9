//! What other nodes have done, and what the feed says of it.
//!
//! What was committed elsewhere is looked up here and told as if it had been
//! committed here. So it does not matter how it was heard of, nor how often.

use std::{sync::Arc, time::Instant};

use rustc_hash::FxHashMap;

use super::{ChatServer, member::Leaving, turn::Turn};
use crate::{
    chat::{
        Connected, Ephemeral, FromNode, FromNodes, Interest, Item, NodePresence, state::own::Own,
    },
    db::{Happened, Left, MarkedBy, ReadError, Reader, Signal},
    protocol::{Close, events::Departure},
};
use parlor_domain::{
    Member, MessageId, RoomId, RoomKey, RoomOverview, Saved, ScheduledId, Seq, Timestamp, UserId,
    UserKey,
    limits::{LOOKED_UP_AT_ONCE, MEMBERS_TOLD, READ_AGAIN, TIMELINE_AGAIN},
};
use parlor_process::span;
use parlor_websocket::Frame;

/// Marks of a member that moved elsewhere.
struct Marked {
    by: MarkedBy,
    read: Option<Seq>,
    delivered: Option<Seq>,
}

impl Turn for FromNodes {
    fn take(self, server: &mut ChatServer) {
        server.note_bursts(&self.0);
        for one in self.0 {
            match one {
                FromNode::Event { room, seq, frame } => server.receive_event(room, seq, frame),
                FromNode::Happened(happened) => server.happened(happened),
                FromNode::Ephemeral(ephemeral) => server.receive_ephemeral(ephemeral),
                FromNode::Stream(part) => server.receive_stream(&part),
                FromNode::Presence(presence) => server.tell_status_of(&presence),
                FromNode::Number(number) => server.ids.renumber(number),
                FromNode::Announce => server.announce_all(),
                FromNode::Subscribed(rooms) => server.look_at_heads(rooms),
                FromNode::MissedTooMuch => {
                    server.fanout.tell_all(&Item::CloseAll { close: Close::GoingAway });
                }
            }
        }
    }
}

impl ChatServer {
    /// Rooms in which very many members have come or gone elsewhere: nobody is told of
    /// each, here either.
    fn note_bursts(&mut self, heard: &[FromNode]) {
        if heard.len() <= MEMBERS_TOLD {
            return;
        }
        let mut changes: FxHashMap<i64, usize> = FxHashMap::default();
        for one in heard {
            if let FromNode::Happened(
                Happened::Joined { room, .. }
                | Happened::Left { room, .. }
                | Happened::Standing { room, .. },
            ) = one
            {
                *changes.entry(*room).or_default() += 1;
            }
        }
        for (room, _) in changes.into_iter().filter(|(_, count)| *count > MEMBERS_TOLD) {
            self.crowds.burst(RoomKey(room), Instant::now());
        }
    }

    /// Which rooms and users this node wants to hear of.
    pub(in crate::chat) fn tell_interest(&mut self) {
        let interest =
            Interest { rooms: self.rooms.take_changes(), users: self.sessions.take_changes() };
        // While a room was read that was not in memory yet, nobody took in
        // what the feed said of it.
        let come = interest.rooms.iter().filter(|(_, is_there)| *is_there);
        let come: Vec<RoomKey> = come.map(|(room, _)| *room).collect();
        if !come.is_empty() {
            self.look_at_heads(come);
        }
        self.nodes.tell_interest(interest);
    }

    /// The other nodes have taken those who are here for gone.
    fn announce_all(&mut self) {
        let users = self.sessions.users.values();
        let shown: Vec<NodePresence> =
            users.filter_map(|online| Some(online.presence(online.shown?))).collect();
        for presence in shown {
            self.nodes.tell_presence(presence);
        }
    }

    fn receive_ephemeral(&mut self, Ephemeral { rooms, user, blocked, frame }: Ephemeral) {
        let small: Vec<RoomKey> = rooms.into_iter().filter(|room| !self.is_big(*room)).collect();
        let entries: Vec<_> = small.iter().filter_map(|room| self.rooms.get(*room)).collect();
        if entries.is_empty() {
            return;
        }
        let except = self.sessions.unseeing(user, &blocked);
        let item = Item::Presence { rooms: small.into(), frame: frame.for_many(), except };
        self.fanout.tell_rooms(&entries, &item);
    }

    /// These rooms are heard from now on; what was said just before is found
    /// by their heads. A user may bring thousands, so some are read at a time.
    fn look_at_heads(&mut self, rooms: Vec<RoomKey>) {
        self.unseen_heads.rooms.extend(rooms);
        if !self.unseen_heads.is_reading {
            self.look_at_some_heads();
        }
    }

    fn look_at_some_heads(&mut self) {
        let _apart = span::apart();
        let some = self.unseen_heads.take(LOOKED_UP_AT_ONCE);
        self.unseen_heads.is_reading = !some.is_empty();
        if some.is_empty() {
            return;
        }
        let reader = self.reader.clone();
        let reading = async move {
            let heads = reader.heads(&some).await;
            if heads.is_err() {
                tokio::time::sleep(TIMELINE_AGAIN).await;
            }
            (some, heads)
        };
        self.when(reading, move |(some, heads), server| {
            match heads {
                Ok(heads) => {
                    heads.into_iter().for_each(|(room, head)| server.note_head(room, head))
                }
                // Its cause has been logged.
                Err(ReadError) => server.unseen_heads.rooms.extend(some),
            }
            server.look_at_some_heads();
        });
    }

    fn happened(&mut self, happened: Happened) {
        match happened {
            Happened::Head { room, seq } => self.happened_head(RoomKey(room), Seq(seq)),
            Happened::Joined { room, user, members } => {
                self.joined(RoomKey(room), UserKey(user), members);
            }
            Happened::Left { room, user, why, members } => {
                self.left(RoomKey(room), UserKey(user), departure(why), members);
            }
            Happened::Standing { room, user } => {
                self.restrictions.restrict(UserKey(user), RoomKey(room));
                self.stands_otherwise(RoomKey(room), UserKey(user));
            }
            Happened::Blocked { user, other, blocks } => {
                self.block_changed(UserKey(user), UserKey(other), blocks);
            }
            Happened::RoomUpdated { room } => self.room_updated(RoomKey(room)),
            Happened::RoomDeleted { room } => {
                if let Some(room) = self.rooms.get(RoomKey(room)).map(|entry| entry.room.clone()) {
                    self.tell_deleted(&room);
                }
            }
            Happened::Marked { room, user, id, read, delivered, hidden, blocked } => {
                let blocked = blocked.into_iter().map(UserKey).collect();
                let by = MarkedBy { id: UserId::from_stored(id), is_hidden: hidden, blocked };
                let mark = Marked { by, read: read.map(Seq), delivered: delivered.map(Seq) };
                self.marked(RoomKey(room), UserKey(user), mark);
            }
            Happened::Unread { room, user } => {
                self.has_otherwise(RoomKey(room), UserKey(user), Own::Unread);
            }
            Happened::Preferences { room, user } => {
                self.has_otherwise(RoomKey(room), UserKey(user), Own::Preferences);
            }
            Happened::Draft { room, user, thread, at } => {
                self.has_drafted(
                    (RoomKey(room), UserKey(user)),
                    thread.map(MessageId),
                    Timestamp(at),
                );
            }
            Happened::Thread { room, user, thread } => {
                self.has_thread_otherwise((RoomKey(room), MessageId(thread)), UserKey(user));
            }
            Happened::Saved { user, message, room, at } => {
                let room = RoomId::from_stored(room);
                let gone = Saved::gone(room, MessageId(message), Timestamp(at));
                self.has_saved(UserKey(user), gone);
            }
            Happened::Scheduled { user, id, room, ended } => {
                let room = RoomId::from_stored(room);
                self.has_scheduled((ScheduledId(id), &room), UserKey(user), ended);
            }
            Happened::Blocklists => self.read_blocklists(),
            Happened::Signal(signal) => self.receive_signal(signal),
            Happened::UserChanged { user: Some(user), .. } => self.user_changed(UserKey(user)),
            // What concerns tokens and keys is no business of rooms.
            Happened::Barred { .. }
            | Happened::Revoked { .. }
            | Happened::Keys
            | Happened::UserChanged { .. }
            | Happened::Erased { .. } => {}
        }
    }

    fn happened_head(&mut self, room: RoomKey, head: Seq) {
        let Some(owner) = room.inbox_owner() else { return self.note_head(room, head) };
        let Some(online) = self.sessions.users.get(&owner) else { return };
        if self.rooms.get(room).is_none() {
            let user = online.user.clone();
            // Where it began is not known here: what there is will be read.
            self.follow_inbox(&user, Seq::ZERO);
        }
        self.note_head(room, head);
    }

    fn is_of_interest(&self, room: RoomKey, user: UserKey) -> bool {
        self.rooms.get(room).is_some() || self.sessions.users.contains_key(&user)
    }

    /// Whether nobody here has to be told who it is: in a big room that is one
    /// more or less.
    fn is_only_counted(&self, room: RoomKey, user: UserKey) -> bool {
        self.is_crowd(room) && !self.sessions.users.contains_key(&user)
    }

    fn joined(&mut self, room: RoomKey, user: UserKey, members: Option<i64>) {
        if !self.is_of_interest(room, user) {
            return;
        }
        if let Some(members) = members {
            self.rooms.members_are(room, members);
            if self.is_only_counted(room, user) {
                return self.tell_crowd(room);
            }
        }
        let reading = read_member(self.reader.clone(), room, user);
        self.when(reading, move |read, server| {
            // Removed again meanwhile: then that is heard of, too.
            let Ok(Some((member, overview))) = read else { return };
            if server.rooms.get(room).is_some() {
                server.rooms.members_are(room, overview.member_count);
                server.tell_joined(&overview.room, &member);
            }
            if server.sessions.standing(user, room).flatten().is_none() {
                server.attach_member(&member, &overview);
                server.met(user, room);
            }
        });
    }

    /// Whoever is removed hears nothing more from this moment on; who it was
    /// is read for the others.
    fn left(&mut self, room: RoomKey, user: UserKey, why: Departure, members: i64) {
        if !self.is_of_interest(room, user) {
            return;
        }
        self.restrictions.restrict(user, room);
        self.rooms.members_are(room, members);
        if self.is_only_counted(room, user) {
            return self.tell_crowd(room);
        }
        for session in self.sessions.ready_of(user) {
            self.unsubscribe_session(session, room);
        }
        self.sessions.membership_changed(user, room, None);
        let reader = self.reader.clone();
        let known_room = self.rooms.get(room).map(|entry| entry.room.clone());
        let known_user = self.sessions.users.get(&user).map(|online| online.user.clone());
        let reading = async move {
            let room = match known_room {
                Some(room) => Some(room),
                None => reader.room_by_key(room).await?.map(Arc::new),
            };
            let user = match known_user {
                Some(user) => Some(user),
                None => reader.user_by_key(user).await?,
            };
            Ok::<_, ReadError>(room.zip(user))
        };
        self.when(reading, move |read, server| {
            let Ok(Some((room, user))) = read else { return };
            // Added again meanwhile: then that has been told.
            if server.sessions.standing(user.key, room.key).flatten().is_none() {
                server.tell_left(&Leaving { user, room, why }, members);
            }
        });
    }

    fn stands_otherwise(&mut self, room: RoomKey, user: UserKey) {
        // One who is no member may have been banned.
        self.watchers.doubted(user, room, Instant::now());
        if !self.is_of_interest(room, user) || self.is_only_counted(room, user) {
            return;
        }
        let reading = read_member(self.reader.clone(), room, user);
        self.when(reading, move |read, server| {
            let Ok(Some((member, overview))) = read else { return };
            if let Some(standing) = overview.state.map(|state| state.standing) {
                server.sessions.standing_changed(user, room, |known| *known = standing);
            }
            server.tell_member(&overview.room, &member);
        });
    }

    fn room_updated(&mut self, room: RoomKey) {
        self.restrictions.restrict_all(room);
        self.read_updated(room, READ_AGAIN);
    }

    /// Also a room that is not in memory: it may be about to come there, with
    /// what was read before.
    fn read_updated(&mut self, room: RoomKey, tries: usize) {
        let (then, reader) = (self.restrictions.now(), self.reader.clone());
        let reading = async move { reader.room_by_key(room).await };
        self.when(reading, move |read, server| {
            let Ok(Some(read)) = read else { return };
            // Which of two is newer the database says.
            if tries > 0 && server.restrictions.overtook_all(then, room) {
                return server.read_updated(room, tries - 1);
            }
            server.tell_updated(read);
        });
    }

    fn marked(&mut self, room: RoomKey, user: UserKey, mark: Marked) {
        if mark.read.is_some() {
            self.has_otherwise(room, user, Own::Unread);
        }
        let Some(entry) = self.rooms.get(room) else { return };
        let room = entry.room.clone();
        // One who has never read may have less unread.
        if let Some(seq) = mark.read.filter(|seq| *seq > Seq::ZERO) {
            self.marks.read((room.key, &room.id), user, mark.by.clone(), seq);
        }
        if let Some(seq) = mark.delivered {
            self.marks.delivered((room.key, &room.id), user, mark.by, seq);
        }
        self.tell_marks();
    }

    fn receive_signal(&mut self, signal: Signal) {
        let encode = |text: &str| Frame::text(|payload| payload.extend_from_slice(text.as_bytes()));
        match signal {
            Signal::Everyone { frame } => {
                self.tell_everyone(&encode(&frame));
            }
            Signal::RoleContext { context, frame } => {
                self.tell_context(&context.into(), &encode(&frame));
            }
            Signal::Room { room, frame } => self.tell_notice(RoomKey(room), encode(&frame)),
            Signal::Stop { message, writers, by } => {
                let writers: Vec<UserKey> = writers.into_iter().map(UserKey).collect();
                self.ask_to_stop(MessageId(message), &writers, &UserId::from_stored(by));
            }
            Signal::Disconnect { room, user, reason } => {
                let of = match (room, user) {
                    (Some(room), _) => Connected::Room(RoomKey(room)),
                    (None, Some(user)) => Connected::User(UserKey(user)),
                    (None, None) => Connected::All,
                };
                self.disconnect_all(of, &reason.into());
            }
        }
    }
}

fn departure(why: Left) -> Departure {
    match why {
        Left::Left => Departure::Left,
        Left::Removed => Departure::Removed,
        Left::Banned => Departure::Banned,
        Left::Deleted => Departure::Deleted,
    }
}

async fn read_member(
    reader: Reader,
    room: RoomKey,
    user: UserKey,
) -> Result<Option<(Member, RoomOverview)>, ReadError> {
    let Some(member) = reader.member(room, user).await? else { return Ok(None) };
    let overview = reader.overview(room, user).await?;
    Ok(overview.filter(|overview| overview.state.is_some()).map(|overview| (member, overview)))
}
