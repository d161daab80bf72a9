//! Rooms of two, and who does not want to hear from whom.

use std::{sync::Arc, time::Instant};

use actix::Context;

use super::{Pending, room::new_membership};
use crate::{
    chat::{Answer, ChatError, ChatServer, ReplyTo, Requester, room::RoomSeen, server::now},
    db::{NewDirect, Write},
    domain::{Denied, Member, Role, Room, RoomId, RoomKey, Seq, Standing, User, UserId, UserKey},
};

/// Who asks for themselves, without any right of theirs.
fn plain(user: User) -> Requester {
    Requester { user, is_admin: false, is_service: false }
}

impl ChatServer {
    pub(super) fn open_direct(
        &mut self,
        opener: User,
        other: UserId,
        id: RoomId,
        reply: ReplyTo,
        ctx: &mut Context<Self>,
    ) {
        let rooms_max = self.rooms_max();
        self.with_user(
            plain(opener.clone()),
            other,
            reply,
            ctx,
            move |server, other, reply, is_self| {
                if is_self {
                    return server.answer(reply, Err(Denied::Oneself.into()));
                }
                let users = [opener.key, other.key];
                let new = NewDirect { id, users, created_at: now(), rooms_max };
                server.submit(Write::DirectOpen(new), Pending::OpenDirect { reply, opener });
            },
        );
    }

    #[expect(clippy::too_many_arguments, reason = "what one write gives")]
    pub(super) fn settle_direct(
        &mut self,
        reply: ReplyTo,
        opener: User,
        room: Room,
        members: [Member; 2],
        last_seq: Seq,
        is_new: bool,
        ctx: &mut Context<Self>,
    ) {
        let room = Arc::new(room);
        let seen = RoomSeen { room: &room, head: last_seq, members: 2 };
        self.rooms.activate(&seen, Instant::now());
        if is_new {
            let [one, two] = &members;
            for (member, peer) in [(one, two), (two, one)] {
                let standing = Standing::new(Role::Member);
                let mut overview = new_membership(room.clone(), standing, last_seq, 2);
                overview.peer = Some(peer.user.clone());
                self.attach_member(member, &overview);
            }
        }
        self.with_overview(room.key, opener.key, ctx, move |server, read| {
            let answer = read.and_then(|read| read.ok_or(ChatError::NotFound("room")));
            let answer = answer.map(|room| Answer::Direct { room: Box::new(room), is_new });
            server.answer(reply, answer);
        });
    }

    pub(super) fn block(
        &mut self,
        user: User,
        other: UserId,
        blocks: bool,
        reply: ReplyTo,
        ctx: &mut Context<Self>,
    ) {
        let key = user.key;
        self.with_user(plain(user), other, reply, ctx, move |server, other, reply, is_self| {
            if is_self {
                return server.answer(reply, Err(Denied::Oneself.into()));
            }
            let other = other.key;
            let write = Write::Block { user: key, other, blocks, at: now() };
            server.submit(write, Pending::Block { reply, other, blocks });
        });
    }

    /// The one who is blocked is not told, and finds out by writing.
    pub(super) fn settle_block(
        &mut self,
        reply: ReplyTo,
        other: UserKey,
        blocks: bool,
        room: Option<RoomKey>,
    ) {
        if let Some(room) = room
            && let Some(Some(known)) = self.sessions.standing(other, room)
        {
            let standing = Standing { blocked: blocks, ..known };
            self.sessions.membership_changed(other, room, Some(standing));
        }
        self.answer(reply, Ok(Answer::Done));
    }
}
