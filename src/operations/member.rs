//! Give a member a role, or mute them.

use parlor_domain::{
    Member, MemberChange, Role, RoomId, Timestamp, UserId, Whole, limits::SECONDS_MAX,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    db::{self},
    protocol::{MemberView, Refusal, Rules, null_or},
};

/// Gives a member a role, or a mute: until a time, for some seconds, or `null` to
/// end it.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct UpdateMember {
    room_id: RoomId,
    user_id: UserId,
    role: Option<Role>,
    #[serde(default, deserialize_with = "null_or")]
    #[schemars(with = "Option<Timestamp>")]
    muted_until: Option<Option<Timestamp>>,
    mute_seconds: Option<Whole<0, SECONDS_MAX>>,
}

impl Operation for UpdateMember {
    type Answer = Member;
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        let ends = self.muted_until == Some(None) || self.mute_seconds == Some(Whole(0));
        let seconds = self.mute_seconds.filter(|Whole(seconds)| *seconds > 0);
        let until = self.muted_until.flatten();
        if until.is_some() && self.mute_seconds.is_some() {
            return Err(Refusal::field("muted_until", "and mute_seconds exclude each other"));
        }
        let until = rules.end("muted_until", until, ("mute_seconds", seconds))?;
        self.muted_until = until.map(Some).or(ends.then_some(None));
        match self.role.is_none() && self.muted_until.is_none() {
            true => Err(Refusal::field("role", "or muted_until or mute_seconds is required")),
            false => Ok(()),
        }
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.moderator()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: access, reply } = asked;
        let change = MemberChange { role: self.role, muted_until: self.muted_until };
        server.with_user(from, self.user_id, reply, move |server, user, reply, _| {
            let place = (user.key, access.room.id.clone());
            let (room, by) = (access.room.key, access.by());
            let write = db::UpdateMember { room, user: user.key, by, change };
            server.write_about(place, reply, write, move |server, reply, member| {
                server.tell_member(&access.room, &member);
                server.answer(reply, Ok(member));
            });
        });
    }
}

impl Shown for Member {
    type View<'a> = MemberView<'a>;

    fn view(&self) -> MemberView<'_> {
        MemberView::from(self)
    }
}
