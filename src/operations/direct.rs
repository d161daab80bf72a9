//! The room of two.

use std::{sync::Arc, time::Instant};

use parlor_domain::{Denied, Role, RoomOverview, Scope, Standing, UserId, UserKey};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown, room::generated_id,
};
use crate::{
    chat::{ReplyTo, RoomSeen},
    clock::now,
    db,
    protocol::{Refusal, RoomView, Rules},
};

/// Opens the direct room with another user; it is made on first use.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct OpenDirect {
    user_id: UserId,
}

impl Operation for OpenDirect {
    type Answer = Opened;
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.open_direct(asked.from, self.user_id, asked.reply);
    }
}

/// Opens the direct room of two users, for the application.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct OpenDirectOf {
    user_ids: [UserId; 2],
}

impl Operation for OpenDirectOf {
    type Answer = Opened;
    type Place = Anywhere;

    const SCOPES: &'static [Scope] = &[Scope::Rooms];

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        match self.user_ids[0] == self.user_ids[1] {
            true => Err(Refusal::field("user_ids", "must be a list of two different user ids")),
            false => Ok(()),
        }
    }

    fn allowed(&self, from: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        if from.is_service { Ok(()) } else { Err(Denied::NotService.into()) }
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, reply, .. } = asked;
        let [one, other] = self.user_ids;
        server.with_named_user(&from.clone(), one, reply, move |server, user, reply, _| {
            server.open_direct(Requester { user, ..from }, other, reply);
        });
    }
}

/// The room, and whether nobody had opened it before.
#[derive(Debug)]
pub struct Opened {
    room: Box<RoomOverview>,
    is_new: bool,
}

impl Shown for Opened {
    type View<'a> = RoomView<'a>;

    const STATUSES: &'static [u16] = &[200, 201];

    fn view(&self) -> RoomView<'_> {
        RoomView::from(&*self.room)
    }

    fn status(&self) -> u16 {
        if self.is_new { 201 } else { 200 }
    }
}

impl ChatServer {
    fn open_direct(&mut self, from: Requester, other: UserId, reply: ReplyTo<Opened>) {
        let (bounds, by_backend) = (self.room_bounds(), from.is_service || from.is_admin);
        let made_by = self.maker(&from);
        let opener = from.user.key;
        self.with_named_user(&from, other, reply, move |server, other, reply, is_self| {
            if is_self {
                return server.answer(reply, Err(Denied::Oneself.into()));
            }
            let (id, users) = (generated_id("d"), [opener, other.key]);
            let write =
                db::OpenDirect { id, users, by_backend, made_by, created_at: now(), bounds };
            server.write_for(reply, write, move |server, reply, direct| {
                server.opened(reply, opener, direct);
            });
        });
    }

    fn opened(&mut self, reply: ReplyTo<Opened>, opener: UserKey, direct: db::Direct) {
        let db::Direct { room, members, blocks, last_seq, is_new } = direct;
        let room = Arc::new(room);
        let seen = RoomSeen { room: &room, head: last_seq, members: 2 };
        self.rooms.activate(&seen, Instant::now());
        if is_new {
            let [one, two] = &members;
            for (member, peer) in [(one, two), (two, one)] {
                let standing = Standing { blocked: blocks, ..Standing::new(Role::Member) };
                let mut overview = self.new_membership(room.clone(), standing, last_seq, 2);
                overview.peer = Some(peer.user.clone());
                self.attach_member(member, &overview);
                self.met(member.user.key, room.key);
            }
        }
        self.with_overview(room.key, opener, move |server, read| {
            let answer = read.and_then(|read| read.ok_or(ChatError::NotFound("room")));
            server.answer(reply, answer.map(|room| Opened { room: Box::new(room), is_new }));
        });
    }
}
