//! Who comes into a room and who goes. The sessions of a member are attached
//! and detached here, between two commits, so that nobody hears what was
//! said before they came or after they went.

use std::{sync::Arc, time::Instant};

use actix::Context;

use crate::{
    chat::{
        Answer, ChatError, ChatServer, Command, ReplyTo, Requester, SessionId,
        access::Access,
        fanout::Item,
        room::RoomSeen,
        server::{nobody, now},
    },
    db::{AddMember, Added, Ban, RemoveMember, Removed, TransferRoom, Unban, UpdateMember},
    protocol::events::{self, Departure},
};
use parlor_domain::{
    Adder, Denied, Member, Role, Room, RoomKey, RoomOverview, Standing, User, UserId,
};

/// A member on the way in.
pub(in crate::chat) struct NewMembership {
    pub reply: ReplyTo,
    pub user: User,
    pub adder: Adder,
    /// What was said before is read.
    pub mark_read: bool,
    /// A session that waits for this to be connected.
    pub connecting: Option<SessionId>,
}

/// A member on the way out.
pub(in crate::chat) struct Leaving {
    pub user: User,
    pub room: Arc<Room>,
    pub why: Departure,
}

impl ChatServer {
    /// What one does about a member, oneself or another.
    pub(super) fn run_about_member(
        &mut self,
        from: Requester,
        command: Command,
        reply: ReplyTo,
        access: Access,
        ctx: &mut Context<Self>,
    ) {
        let by = access.by();
        let room = access.room;
        let key = room.key;
        match command {
            Command::AddMember { user, mark_read, .. } => {
                let adder = adder(&from, &user);
                self.with_user(from, user, reply, ctx, move |server, user, reply, _| {
                    let connecting = None;
                    let adding = NewMembership { reply, user, adder, mark_read, connecting };
                    server.add_member(key, adding);
                });
            }
            Command::RemoveMember { user, .. } => {
                self.with_user(from, user, reply, ctx, move |server, user, reply, is_self| {
                    let why = if is_self { Departure::Left } else { Departure::Removed };
                    let by = if is_self { None } else { by };
                    let place = (user.key, key);
                    let write = RemoveMember { room: key, user: user.key, by, is_self };
                    let leaving = Leaving { user, room, why };
                    server.write_about(place, reply, write, move |server, reply, removed, _| {
                        server.removed(reply, &leaving, removed.as_ref());
                    });
                });
            }
            Command::UpdateMember { user, change, .. } => {
                self.with_user(from, user, reply, ctx, move |server, user, reply, _| {
                    let (place, user) = ((user.key, key), user.key);
                    let write = UpdateMember { room: key, user, by, change };
                    server.write_about(place, reply, write, move |server, reply, member, _| {
                        server.tell_member(&room, &member);
                        server.answer(reply, Ok(Answer::MemberUpdated(member)));
                    });
                });
            }
            Command::TransferRoom { user, .. } => {
                let owner = (!from.is_admin).then_some(from.user.key);
                self.with_user(from, user, reply, ctx, move |server, user, reply, is_self| {
                    if is_self && owner.is_some() {
                        return server.answer(reply, Err(Denied::Oneself.into()));
                    }
                    let place = (owner.unwrap_or(user.key), key);
                    let write = TransferRoom { room: key, from: owner, to: user.key };
                    server.write_about(place, reply, write, move |server, reply, members, _| {
                        members.iter().for_each(|member| server.tell_member(&room, member));
                        server.answer(reply, Ok(Answer::Done));
                    });
                });
            }
            Command::Ban { user, until, reason, .. } => {
                self.with_user(from, user, reply, ctx, move |server, user, reply, is_self| {
                    if is_self {
                        return server.answer(reply, Err(Denied::Oneself.into()));
                    }
                    let (place, at) = ((user.key, key), now());
                    let write = Ban { room: key, user: user.key, by, until, reason, at };
                    let leaving = Leaving { user, room, why: Departure::Banned };
                    server.write_about(place, reply, write, move |server, reply, removed, _| {
                        server.banned(reply, &leaving, removed.as_ref());
                    });
                });
            }
            Command::Unban { user, .. } => {
                self.with_user(from, user, reply, ctx, move |server, user, reply, _| {
                    let write = Unban { room: key, user: user.key };
                    server.write_for(reply, write, |server, reply, existed, _| {
                        let missing = ChatError::NotFound("ban");
                        server.answer(reply, if existed { Ok(Answer::Done) } else { Err(missing) });
                    });
                });
            }
            // Every other command is about something else.
            _ => self.answer(reply, Err(ChatError::Internal)),
        }
    }

    pub(super) fn add_member(&mut self, room: RoomKey, adding: NewMembership) {
        let (user, adder, bounds) = (adding.user.key, adding.adder, self.room_bounds());
        let (role, at, mark_read) = (Role::Member, now(), adding.mark_read);
        let write = AddMember { room, user, role, at, adder, bounds, mark_read };
        let ticket = self.write(write, move |server, added, ctx| match added {
            Ok(added) => server.added(adding, added, ctx),
            Err(error) => server.refuse_add(adding, error, ctx),
        });
        self.holds.begin(ticket, (user, room));
    }

    fn added(&mut self, adding: NewMembership, added: Added, ctx: &mut Context<Self>) {
        let Added { member, room, last_seq, member_count, is_new, marked } = added;
        let room = Arc::new(room);
        let seen = RoomSeen { room: &room, head: last_seq, members: member_count };
        self.rooms.activate(&seen, Instant::now());
        self.rooms.members_are(room.key, member_count);
        if is_new {
            self.tell_joined(&room, &member);
        }
        let standing = standing_of(&member);
        let mut overview = self.new_membership(room.clone(), standing, last_seq, member_count);
        if let (Some(_), Some(state)) = (&marked, &mut overview.state) {
            (state.read_seq, state.delivered_seq) = (last_seq, last_seq);
        }
        if is_new {
            self.attach_member(&member, &overview);
            self.met(member.user.key, room.key, ctx);
        }
        if let Some(by) = marked {
            self.marks.read((room.key, &room.id), member.user.key, by, last_seq);
            self.tell_read(nobody(), member.user.key, room, true, ctx);
        }
        let connecting = adding.connecting;
        self.answer_added(adding, member, overview, is_new, ctx);
        if let Some(session) = connecting {
            self.continue_connect(session, ctx);
        }
    }

    /// The answer carries the room as it is for this member, so it is read.
    fn answer_added(
        &mut self,
        adding: NewMembership,
        member: Member,
        overview: RoomOverview,
        is_new: bool,
        ctx: &mut Context<Self>,
    ) {
        let (room, user) = (overview.room.key, adding.user.key);
        self.with_overview(room, user, ctx, move |server, read| {
            let answer = read.map(|read| {
                let room = Box::new(read.unwrap_or(overview));
                Answer::Member { member, is_new, room }
            });
            server.answer(adding.reply, answer);
        });
    }

    fn refuse_add(&mut self, adding: NewMembership, error: ChatError, ctx: &mut Context<Self>) {
        if let Some(session) = adding.connecting {
            self.continue_without_joining(session, error.clone(), ctx);
        }
        self.answer(adding.reply, Err(error));
    }

    fn removed(&mut self, reply: ReplyTo, leaving: &Leaving, removed: Option<&Removed>) {
        let Some(Removed { member_count, heir }) = removed else {
            return self.answer(reply, Err(ChatError::NotFound("member")));
        };
        self.tell_left(leaving, *member_count);
        if let Some(heir) = heir {
            self.tell_member(&leaving.room, heir);
        }
        self.end_if_left(&leaving.room, *member_count, reply);
    }

    /// Also who was no member can be banned.
    fn banned(&mut self, reply: ReplyTo, leaving: &Leaving, removed: Option<&Removed>) {
        match removed {
            Some(_) => self.removed(reply, leaving, removed),
            None => self.answer(reply, Ok(Answer::Done)),
        }
    }

    /// The user hears nothing more of the room; those who stay are told.
    pub(super) fn tell_left(&mut self, leaving: &Leaving, member_count: i64) {
        let Leaving { user, room, why } = leaving;
        self.restrictions.restrict(user.key, room.key);
        self.stop_typing(room, user);
        let removed = events::room_removed(&room.id, *why, now());
        for session in self.sessions.ready_of(user.key) {
            self.unsubscribe_session(session, room.key);
            let item = Item::Frame { session: session.id, frame: removed.clone() };
            self.fanout.tell_worker(session.worker, item);
        }
        self.sessions.membership_changed(user.key, room.key, None);
        self.departures.left_room(user.key, room.key);
        self.rooms.members_are(room.key, member_count);
        if self.is_big(room.key) {
            return self.tell_crowd(room.key);
        }
        self.tell_notice(room.key, events::member_left(&room.id, user, *why, now()));
    }

    /// Those who are there are told of a new member.
    pub(super) fn tell_joined(&mut self, room: &Room, member: &Member) {
        if self.is_big(room.key) {
            return self.tell_crowd(room.key);
        }
        self.tell_notice(room.key, events::member_joined(&room.id, member));
    }

    /// Members of a big room have come or gone: how many there are is told, now
    /// or later.
    pub(super) fn tell_crowd(&mut self, room: RoomKey) {
        if self.crowds.changed(room, Instant::now()) {
            self.tell_member_count(room);
        }
    }

    fn tell_member_count(&mut self, room: RoomKey) {
        let Some(entry) = self.rooms.get(room) else { return };
        let frame = events::room_members(&entry.room.id, entry.members, now());
        self.tell_notice(room, frame);
    }

    pub(super) fn look_after_crowds(&mut self) {
        for room in self.crowds.due(Instant::now()) {
            self.tell_member_count(room);
        }
    }

    /// All of a new member's connections get the room's events from now on.
    pub(super) fn attach_member(&mut self, member: &Member, overview: &RoomOverview) {
        let (user, room) = (member.user.key, overview.room.key);
        let standing = overview.state.map(|state| state.standing);
        self.sessions.membership_changed(user, room, standing);
        self.departures.joined(user, room);
        let frame = events::room_added(overview, member.joined_at);
        for session in self.sessions.ready_of(user) {
            let item = Item::Frame { session: session.id, frame: frame.clone() };
            self.fanout.tell_worker(session.worker, item);
            self.subscribe_quietly(session, overview.clone());
        }
    }

    /// A member's role or mute has changed: it counts from now on.
    pub(super) fn tell_member(&mut self, room: &Room, member: &Member) {
        let user = member.user.key;
        let standing = standing_of(member);
        self.restrictions.restrict(user, room.key);
        self.sessions.standing_changed(user, room.key, |known| {
            let Standing { role, muted_until, .. } = standing;
            *known = Standing { role, muted_until, ..*known };
        });
        if standing.may_react(now()).is_err() {
            self.stop_typing(room, &member.user);
        }
        let frame = events::member_updated(&room.id, member, now());
        // In a big room it is told to the one whom it is about.
        match self.is_big(room.key) {
            true => self.tell_user(user, &frame),
            false => self.tell_notice(room.key, frame),
        }
    }
}

/// Who brings a user into a room, as far as that counts.
pub(super) fn adder(from: &Requester, user: &UserId) -> Adder {
    if from.user.id == *user {
        Adder::Oneself
    } else if from.is_service || from.is_admin {
        Adder::Backend
    } else {
        Adder::Other(from.user.key)
    }
}

fn standing_of(member: &Member) -> Standing {
    Standing { muted_until: member.muted_until, ..Standing::new(member.role) }
}
