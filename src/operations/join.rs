//! Join a room, or add a member to it.

use parlor_domain::{Member, RoomId, RoomOverview, Scope, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::{MemberAdded, adder},
    protocol::{MemberView, RoomView, server_frame::JoinedView},
};

/// Joins an open room, or one that the user was added to.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Join {
    room_id: RoomId,
    /// Earlier messages count as read.
    #[serde(default)]
    mark_read: bool,
}

impl Operation for Join {
    type Answer = Joined;
    type Place = Access;

    const OPENS: bool = true;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn asks(&self, _: &Requester) -> bool {
        true
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.may_join()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place, reply } = asked;
        let adder = adder(&from, &from.user.id);
        server.add_member(&place.room, from.user, adder, self.mark_read, |server, added| {
            server.answer(reply, added.map(|added| Joined(Box::new(added.room))));
        });
    }
}

/// The room that one is a member of now.
#[derive(Debug)]
pub struct Joined(Box<RoomOverview>);

impl Shown for Joined {
    type View<'a> = JoinedView<'a>;

    fn view(&self) -> JoinedView<'_> {
        let room = &*self.0;
        let (last_seq, epoch) = (room.last_seq.0, room.epoch.as_str());
        JoinedView { room: RoomView::from(room), last_seq, epoch }
    }
}

/// Adds a member; users who add themselves join.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AddMember {
    room_id: RoomId,
    user_id: UserId,
}

impl Operation for AddMember {
    type Answer = Added;
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Rooms];
    const OPENS: bool = true;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn asks(&self, from: &Requester) -> bool {
        self.user_id == from.user.id
    }

    fn allowed(&self, from: &Requester, access: &Access) -> Result<(), ChatError> {
        if self.user_id == from.user.id { access.may_join() } else { access.moderator() }
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place, reply } = asked;
        let adder = adder(&from, &self.user_id);
        server.with_named_user(&from, self.user_id, reply, move |server, user, reply, _| {
            server.add_member(&place.room, user, adder, false, |server, added| {
                let added =
                    added.map(|MemberAdded { member, is_new, .. }| Added { member, is_new });
                server.answer(reply, added);
            });
        });
    }
}

#[derive(Debug)]
pub struct Added {
    member: Member,
    is_new: bool,
}

impl Shown for Added {
    type View<'a> = MemberView<'a>;

    const STATUSES: &'static [u16] = &[200, 201];

    fn view(&self) -> MemberView<'_> {
        MemberView::from(&self.member)
    }

    fn status(&self) -> u16 {
        if self.is_new { 201 } else { 200 }
    }
}
