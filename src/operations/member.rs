//! Give a member a role, or mute them.

use parlor_domain::{
    Denied, Member, MemberChange, Role, RoomId, RoomKey, Scope, Timestamp, UserId, UserKey, Whole,
    limits::SECONDS_MAX,
};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    db::{Concern, Conn, Effects, Write, WriteError, Written, on},
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

impl UpdateMember {
    /// Mutes a member: until a time, or for some seconds.
    pub fn mute(
        room_id: RoomId,
        user_id: UserId,
        (until, seconds): (Option<Timestamp>, Option<Whole<1, SECONDS_MAX>>),
    ) -> Self {
        let or_none = |Whole(seconds): Whole<1, SECONDS_MAX>| Whole(seconds);
        let mute_seconds = seconds.map(or_none);
        Self { room_id, user_id, role: None, muted_until: until.map(Some), mute_seconds }
    }
}

impl Operation for UpdateMember {
    type Answer = Member;
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Rooms, Scope::Moderation];

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
        server.with_user(&from, self.user_id, reply, move |server, user, reply, _| {
            let place = (user.key, access.room.id.clone());
            let (room, by) = (access.room.key, access.by());
            let write = Updating { room, user: user.key, by, change };
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

#[derive(Clone, Copy, Debug)]
struct Updating {
    room: RoomKey,
    user: UserKey,
    /// The role of who does it, if that decides.
    by: Option<Role>,
    change: MemberChange,
}

impl Write for Updating {
    type Outcome = Member;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Member> {
        on!(conn, update, self)
    }

    fn effects(&self, member: &Member, effects: &mut Effects) {
        effects.member(self.room, member);
    }
}

#[each_backend]
mod backend {
    use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

    use super::{Denied, Member, MemberChange, Role, Updating, WriteError, Written};
    use parlor_db::{backend::Conn, schema::members, write::member::backend as member};

    pub(super) fn update(conn: &mut Conn, update: &Updating) -> Written<Member> {
        let Updating { room, user, by, change: MemberChange { role, muted_until } } = *update;
        let known = member::managed(conn, room, user, by)?.ok_or(WriteError::NoSuchMember)?;
        if let Some(role) = role {
            // Roles are for owners to give.
            if by.is_some_and(|by| by < Role::Owner) {
                return Err(Denied::NotOwner.into());
            }
            if role != Role::Owner && member::is_last_owner(conn, room, user, known)? {
                return Err(WriteError::OwnerOfOthers.into());
            }
            member::set_role(conn, room, user, role)?;
        }
        if let Some(until) = muted_until {
            diesel::update(members::table.find((room.0, user.0)))
                .set(members::muted_until.eq(until.map(|until| until.0)))
                .execute(conn)?;
        }
        Ok(member::find(conn, room, user)?.ok_or(WriteError::NoSuchMember)?)
    }
}

#[cfg(test)]
mod tests {
    use parlor_db::{
        RemoveMember,
        samples::{AT, Bench},
    };
    use parlor_domain::User;

    use super::*;

    #[test]
    fn a_moderator_manages_those_below_and_roles_are_for_owners() {
        let bench = Bench::new();
        let (ann, ben, cleo) = (bench.user("ann"), bench.user("ben"), bench.user("cleo"));
        let room = bench.room("r", &ann);
        bench.add(&room, &ben).expect("added");
        bench.add(&room, &cleo).expect("added");
        let update = |user: &User, by, role, muted_until| {
            let change = MemberChange { role, muted_until };
            bench.one(Updating { room: room.key, user: user.key, by, change }).err()
        };
        let moderator = Some(Role::Moderator);
        assert_eq!(update(&ben, Some(Role::Owner), moderator, None), None);
        let denied = |denied| Some(WriteError::Denied(denied));
        assert_eq!(update(&cleo, moderator, None, Some(Some(AT))), None);
        assert_eq!(update(&cleo, moderator, moderator, None), denied(Denied::NotOwner));
        assert_eq!(update(&ben, moderator, None, Some(None)), denied(Denied::Outranked));
        assert_eq!(update(&ann, moderator, None, Some(None)), denied(Denied::Outranked));
        assert_eq!(update(&ann, None, moderator, None), Some(WriteError::OwnerOfOthers));
    }

    #[actix::test]
    async fn one_who_comes_back_is_muted_still_and_a_reader_still() {
        let bench = Bench::new();
        let (ann, ben) = (bench.user("ann"), bench.user("ben"));
        let room = bench.room("r", &ann);
        bench.add(&room, &ben).expect("added");
        let (key, user) = (room.key, ben.key);
        let until = Timestamp(AT.0 + 10);
        let change = MemberChange { role: Some(Role::ReadOnly), muted_until: Some(Some(until)) };
        bench.one(Updating { room: key, user, by: None, change }).expect("changed");
        for _ in 0..2 {
            bench.one(RemoveMember { room: key, user, by: None, is_self: true }).expect("gone");
            assert_eq!(bench.count("former_members"), 1);
            bench.add(&room, &ben).expect("back");
            let standing = bench.database.reader.standing(key, user).await.expect("read");
            let standing = standing.expect("a member");
            assert_eq!((standing.role, standing.muted_until), (Role::ReadOnly, Some(until)));
            assert_eq!(bench.count("former_members"), 0);
        }
        let change = MemberChange { role: Some(Role::Member), muted_until: Some(None) };
        bench.one(Updating { room: key, user, by: None, change }).expect("changed");
        bench.one(RemoveMember { room: key, user, by: None, is_self: true }).expect("gone");
        assert_eq!(bench.count("former_members"), 0, "nothing to remember");
    }
}
