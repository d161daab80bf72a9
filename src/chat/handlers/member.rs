//! Who comes into a room and who goes. The sessions of a member are attached
//! and detached here, between two commits, so that nobody hears what was
//! said before they came or after they went.

use std::time::Instant;

use actix::Context;

use super::{Pending, settle::new_membership};
use crate::{
    chat::{
        Answer, ChatError, ChatServer, ReplyTo, Requester, SessionId, access::Access, fanout::Item,
        server::now,
    },
    db::Write,
    domain::{Member, Role, Room, RoomKey, RoomOverview, Seq, User, UserId, UserKey},
    protocol::server_frame,
};

/// A member on the way in.
pub(in crate::chat) struct NewMembership {
    pub reply: ReplyTo,
    pub user: UserKey,
    /// A session that waits for this to be connected.
    pub connecting: Option<SessionId>,
}

impl ChatServer {
    pub(super) fn add_member(
        &mut self,
        from: Requester,
        user: UserId,
        reply: ReplyTo,
        access: Access,
        ctx: &mut Context<Self>,
    ) {
        let room = access.room.key;
        if user == from.user.id {
            let adding = NewMembership { reply, user: from.user.key, connecting: None };
            return self.submit_add(room, adding);
        }
        self.with_user(user, reply, ctx, move |server, user, reply| {
            server.submit_add(room, NewMembership { reply, user: user.key, connecting: None });
        });
    }

    pub(super) fn submit_add(&mut self, room: RoomKey, adding: NewMembership) {
        let (user, rooms_max) = (adding.user, self.rooms_max());
        let write = Write::MemberAdd { room, user, role: Role::Member, at: now(), rooms_max };
        self.submit(write, Pending::AddMember(adding));
    }

    pub(super) fn remove_member(
        &mut self,
        from: Requester,
        user: UserId,
        reply: ReplyTo,
        access: Access,
        ctx: &mut Context<Self>,
    ) {
        let room = access.room;
        let remove = move |server: &mut Self, user: User, reply| {
            let write = Write::MemberRemove { room: room.key, user: user.key };
            server.submit(write, Pending::RemoveMember { reply, user, room });
        };
        if user == from.user.id {
            remove(self, from.user, reply);
        } else {
            self.with_user(user, reply, ctx, remove);
        }
    }

    /// Looks up somebody else than the requester.
    fn with_user(
        &mut self,
        id: UserId,
        reply: ReplyTo,
        ctx: &mut Context<Self>,
        then: impl FnOnce(&mut Self, User, ReplyTo) + Send + 'static,
    ) {
        let reader = self.reader.clone();
        let reading = async move { reader.user(&id).await };
        Self::when(ctx, reading, move |user, server, _| {
            match user {
                Ok(Some(user)) => then(server, user, reply),
                Ok(None) => server.answer(reply, Err(ChatError::NotFound("user"))),
                Err(error) => server.answer(reply, Err(error.into())),
            }
            server.fanout.flush();
        });
    }

    pub(super) fn settle_add(
        &mut self,
        adding: NewMembership,
        member: Member,
        room: Room,
        last_seq: Seq,
        is_new: bool,
        ctx: &mut Context<Self>,
    ) {
        self.rooms.activate(&room, last_seq, Instant::now());
        if is_new {
            let frame = server_frame::member_joined(&room.id, &member);
            self.tell_notice(room.key, frame);
        }
        let overview = new_membership(room, member.role, last_seq);
        let connecting = adding.connecting;
        if is_new {
            self.attach_member(&member, &overview);
        }
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
        let (reader, room, user) = (self.reader.clone(), overview.room.key, adding.user);
        let reading = async move { reader.overview(room, user).await };
        self.finishing += 1;
        Self::when(ctx, reading, move |read, server, _| {
            let answer = match read {
                Ok(read) => {
                    let room = Box::new(read.unwrap_or(overview));
                    Ok(Answer::Member { member, is_new, room })
                }
                Err(error) => Err(error.into()),
            };
            server.answer(adding.reply, answer);
            server.fanout.flush();
            server.finishing -= 1;
            server.finish_drain_if_idle();
        });
    }

    pub(super) fn refuse_add(
        &mut self,
        adding: NewMembership,
        error: ChatError,
        ctx: &mut Context<Self>,
    ) {
        self.answer(adding.reply, Err(error));
        if let Some(session) = adding.connecting {
            self.continue_connect(session, ctx);
        }
    }

    pub(super) fn settle_remove(
        &mut self,
        reply: ReplyTo,
        user: &User,
        room: &Room,
        existed: bool,
    ) {
        if !existed {
            return self.answer(reply, Err(ChatError::NotFound("member")));
        }
        self.removals += 1;
        let removed = server_frame::room_removed(&room.id, now());
        for session in self.sessions.ready_of(user.key) {
            self.unsubscribe_session(session, room.key);
            let item = Item::Frame { session: session.id, frame: removed.clone() };
            self.fanout.tell_worker(session.worker, item);
        }
        self.sessions.membership_changed(user.key, room.key, None);
        let frame = server_frame::member_left(&room.id, user, now());
        self.tell_notice(room.key, frame);
        self.answer(reply, Ok(Answer::Done));
    }

    /// All of a new member's connections get the room's events from now on.
    pub(super) fn attach_member(&mut self, member: &Member, overview: &RoomOverview) {
        let (user, room) = (member.user.key, overview.room.key);
        self.sessions.membership_changed(user, room, Some(member.role));
        let frame = server_frame::room_added(overview, member.joined_at);
        for session in self.sessions.ready_of(user) {
            let item = Item::Frame { session: session.id, frame: frame.clone() };
            self.fanout.tell_worker(session.worker, item);
            self.subscribe_quietly(session, overview.clone());
        }
    }
}
