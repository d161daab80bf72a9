//! Rooms of two, and who does not want to hear from whom.

use std::{sync::Arc, time::Instant};

use actix::Context;

use crate::{
    chat::{Answer, ChatError, ChatServer, ReplyTo, Requester, room::RoomSeen, server::now},
    db::{Block, Blocked, Direct, OpenDirect, ReadError},
    protocol::events::{self, PresenceView},
};
use parlor_domain::{Denied, Role, RoomId, RoomKey, Standing, Status, User, UserId, UserKey};

/// Who asks for themselves, without any right of theirs.
fn plain(user: User) -> Requester {
    Requester { user, is_admin: false, is_service: false }
}

impl ChatServer {
    pub(super) fn open_direct(
        &mut self,
        from: Requester,
        other: UserId,
        id: RoomId,
        reply: ReplyTo,
        ctx: &mut Context<Self>,
    ) {
        let (bounds, by_backend) = (self.room_bounds(), from.is_service || from.is_admin);
        let made_by = self.maker(&from);
        let opener = from.user;
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
                let open = OpenDirect { id, users, by_backend, made_by, created_at: now(), bounds };
                server.write_for(reply, open, move |server, reply, direct, ctx| {
                    server.opened(reply, &opener, direct, ctx);
                });
            },
        );
    }

    fn opened(&mut self, reply: ReplyTo, opener: &User, direct: Direct, ctx: &mut Context<Self>) {
        let Direct { room, members, blocks, last_seq, is_new } = direct;
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
                self.met(member.user.key, room.key, ctx);
            }
        }
        self.with_overview(room.key, opener.key, ctx, move |server, read, _| {
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
            let (user, other) = (key, other.key);
            let write = Block { user, other, blocks, at: now() };
            server.write_for(reply, write, move |server, reply, blocked, ctx| {
                server.block_changed(user, other, blocks, ctx);
                server.blocked(reply, [user, other], blocked);
            });
        });
    }

    /// The one who is blocked is not told, and finds out by writing.
    fn blocked(&mut self, reply: ReplyTo, both: [UserKey; 2], Blocked { room, silent }: Blocked) {
        for (room, user) in room.into_iter().flat_map(|room| both.map(|user| (room, user))) {
            self.restrictions.restrict(user, room);
            self.sessions.standing_changed(user, room, |known| known.blocked = silent);
        }
        self.answer(reply, Ok(Answer::Done));
    }

    /// Who is blocked sees the user no more, as if they had gone; and sees them
    /// again when it is lifted. The user may be on another node.
    pub(super) fn block_changed(
        &mut self,
        user: UserKey,
        other: UserKey,
        blocks: bool,
        ctx: &mut Context<Self>,
    ) {
        self.sessions.block_changed(user, other, blocks);
        if !self.sessions.users.contains_key(&other) {
            return;
        }
        let reader = self.reader.clone();
        let reading = async move {
            let shares = reader.share_a_room(user, other).await?;
            Ok::<_, ReadError>(reader.user_by_key(user).await?.filter(|_| shares))
        };
        Self::when(ctx, reading, move |read, server, ctx| {
            let Ok(Some(user)) = read else { return };
            server.with_statuses(vec![user.key], ctx, move |server, statuses| {
                let seen = if blocks { None } else { statuses.first() };
                let status = seen.map_or(Status::Offline, |(_, status)| *status);
                let frame = events::presence(&PresenceView::new(&user.id, status, None), now());
                server.tell_user(other, &frame);
            });
        });
    }

    /// Direct rooms whose other user was deleted take no messages.
    pub(super) fn left_alone(&mut self, alone: &[(RoomKey, UserKey)]) {
        for (room, user) in alone {
            self.restrictions.restrict(*user, *room);
            self.sessions.standing_changed(*user, *room, |known| known.peer_deleted = true);
        }
    }
}
