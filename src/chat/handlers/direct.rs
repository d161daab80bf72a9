//! Rooms of two, and who does not want to hear from whom.

use std::{sync::Arc, time::Instant};

use actix::Context;

use super::Pending;
use crate::{
    chat::{Answer, ChatError, ChatServer, ReplyTo, Requester, room::RoomSeen, server::now},
    db::{NewDirect, Write},
    domain::{Denied, Member, Role, Room, RoomId, RoomKey, Seq, Standing, User, UserId, UserKey},
};

/// A room of two as the transaction left it.
pub(super) struct Opened {
    pub room: Room,
    /// The opener first.
    pub members: [Member; 2],
    /// The opener does not want to hear from the other one.
    pub blocks: bool,
    pub last_seq: Seq,
    pub is_new: bool,
}

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

    pub(super) fn settle_direct(
        &mut self,
        reply: ReplyTo,
        opener: User,
        opened: Opened,
        ctx: &mut Context<Self>,
    ) {
        let Opened { room, members, blocks, last_seq, is_new } = opened;
        let room = Arc::new(room);
        let seen = RoomSeen { room: &room, head: last_seq, members: 2 };
        self.rooms.activate(&seen, Instant::now());
        if is_new {
            let [one, two] = &members;
            for (member, peer, blocked) in [(one, two, false), (two, one, blocks)] {
                let standing = Standing { blocked, ..Standing::new(Role::Member) };
                let mut overview = self.new_membership(room.clone(), standing, last_seq, 2);
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
        if let Some(room) = room {
            self.restrictions.restrict(other, room);
            self.sessions.standing_changed(other, room, |known| known.blocked = blocks);
        }
        self.answer(reply, Ok(Answer::Done));
    }
}
