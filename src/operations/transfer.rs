//! Hand a room over: another member becomes its owner.

use parlor_domain::{Denied, Member, Role, RoomId, RoomKey, RoomKind, Scope, UserId, UserKey};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester};
use crate::db::{Concern, Conn, Effects, Write, WriteError, Written, on};

#[derive(Debug, Deserialize, JsonSchema)]
pub struct TransferRoom {
    room_id: RoomId,
    /// Who is to own it.
    user_id: UserId,
}

impl Operation for TransferRoom {
    type Answer = ();
    type Place = Access;

    const SCOPES: &'static [Scope] = &[Scope::Rooms];

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.owner()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: access, reply } = asked;
        let owner = (!from.is_admin).then_some(from.user.key);
        server.with_user(&from, self.user_id, reply, move |server, user, reply, is_self| {
            if is_self && owner.is_some() {
                return server.answer(reply, Err(Denied::Oneself.into()));
            }
            let (room, to) = (access.room.key, user.key);
            let place = (owner.unwrap_or(to), access.room.id.clone());
            let write = Transferring { room, from: owner, to };
            server.write_about(place, reply, write, move |server, reply, members| {
                members.iter().for_each(|member| server.tell_member(&access.room, member));
                server.answer(reply, Ok(()));
            });
        });
    }
}

/// One owner makes another member the owner, and becomes a moderator.
#[derive(Clone, Copy, Debug)]
struct Transferring {
    room: RoomKey,
    /// `None`: an administrator does it, for all who own the room.
    from: Option<UserKey>,
    to: UserKey,
}

impl Write for Transferring {
    /// Who owned the room, and who owns it now.
    type Outcome = Vec<Member>;

    fn concerns(&self) -> Vec<Concern> {
        let from = self.from.map(Concern::User);
        [Concern::Room(self.room), Concern::User(self.to)].into_iter().chain(from).collect()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Vec<Member>> {
        on!(conn, transfer, self)
    }

    fn effects(&self, members: &Vec<Member>, effects: &mut Effects) {
        members.iter().for_each(|member| effects.member(self.room, member));
    }
}

#[each_backend]
mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

    use super::{
        Denied, Member, Role, RoomKey, RoomKind, Transferring, UserKey, WriteError, Written,
    };
    use parlor_db::{
        backend::Conn,
        schema::members,
        write::{member::backend as member, timeline::backend as timeline},
    };

    pub(super) fn transfer(conn: &mut Conn, transfer: &Transferring) -> Written<Vec<Member>> {
        let Transferring { room, from, to } = *transfer;
        if timeline::kind(conn, room)? == Some(RoomKind::Direct) {
            return Err(Denied::Direct.into());
        }
        let owners = match from {
            Some(from) => {
                let standing = member::standing(conn, room, from)?;
                if standing.is_none_or(|from| from.role != Role::Owner) {
                    return Err(Denied::NotOwner.into());
                }
                vec![from]
            }
            None => owners(conn, room)?,
        };
        if member::standing(conn, room, to)?.is_none() {
            return Err(WriteError::NoSuchMember.into());
        }
        let mut changed = Vec::with_capacity(owners.len() + 1);
        for owner in owners.into_iter().filter(|owner| *owner != to) {
            member::set_role(conn, room, owner, Role::Moderator)?;
            changed.extend(member::find(conn, room, owner)?);
        }
        member::set_role(conn, room, to, Role::Owner)?;
        changed.extend(member::find(conn, room, to)?);
        Ok(changed)
    }

    fn owners(conn: &mut Conn, room: RoomKey) -> QueryResult<Vec<UserKey>> {
        let keys = members::table
            .filter(members::room_key.eq(room.0))
            .filter(members::role.eq(Role::Owner.as_str()))
            .select(members::user_key)
            .load::<i64>(conn)?;
        Ok(keys.into_iter().map(UserKey).collect())
    }
}

#[cfg(test)]
mod tests {
    use parlor_db::{
        RemoveMember, Removed,
        samples::{BOUNDS, Bench},
    };
    use parlor_domain::{Adder, User};

    use super::*;

    #[test]
    fn who_was_put_into_a_room_and_made_its_owner_can_leave_it() {
        let bench = Bench::new();
        let (ann, ben) = (bench.user("ann"), bench.user("ben"));
        let room = bench.room("r", &ann);
        bench.put(room.key, &ben, Adder::Other(ann.key), BOUNDS).expect("added");
        let (from, to) = (Some(ann.key), ben.key);
        bench.one(Transferring { room: room.key, from, to }).expect("handed over");
        let leave = |user: &User, is_self| {
            let (room, user) = (room.key, user.key);
            bench.one(RemoveMember { room, user, by: None, is_self })
        };
        let put_out = leave(&ben, false);
        assert_eq!(put_out.err(), Some(WriteError::OwnerOfOthers), "only of one's own will");
        let Ok(Some(Removed { heir: Some(heir), .. })) = leave(&ben, true) else {
            panic!("nobody owns it");
        };
        assert_eq!((heir.user.key, heir.role), (ann.key, Role::Owner));
    }
}
