//! Say from whom one does not want to hear.

use parlor_domain::{Denied, RoomKey, Timestamp, UserId, UserKey, limits::BLOCKS_PER_USER};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester};
use crate::{
    chat::ReplyTo,
    clock::now,
    db::{Concern, Conn, Effects, Happened, Write, WriteError, Written, on},
};

/// Blocks another user: neither can write in their direct room. The other user
/// is not told, and finds out by writing.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Block {
    user_id: UserId,
}

impl Operation for Block {
    type Answer = ();
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.set_block(asked.from, self.user_id, true, asked.reply);
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Unblock {
    user_id: UserId,
}

impl Operation for Unblock {
    type Answer = ();
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        server.set_block(asked.from, self.user_id, false, asked.reply);
    }
}

impl ChatServer {
    fn set_block(&mut self, from: Requester, other: UserId, blocks: bool, reply: ReplyTo<()>) {
        let user = from.user.key;
        self.with_user(
            &Requester::plain(from.user),
            other,
            reply,
            move |server, other, reply, is_self| {
                if is_self {
                    return server.answer(reply, Err(Denied::Oneself.into()));
                }
                let other = other.key;
                let write = Blocking { user, other, blocks, at: now() };
                server.write_for(reply, write, move |server, reply, blocked| {
                    let Blocked { room, silent } = blocked;
                    server.block_changed(user, other, blocks);
                    for (room, user) in
                        room.into_iter().flat_map(|room| [(room, user), (room, other)])
                    {
                        server.restrictions.restrict(user, room);
                        server
                            .sessions
                            .standing_changed(user, room, |known| known.blocked = silent);
                    }
                    server.answer(reply, Ok(()));
                });
            },
        );
    }
}

/// One user does not want to hear from another in their direct room, or does
/// again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocking {
    pub user: UserKey,
    pub other: UserKey,
    pub blocks: bool,
    pub at: Timestamp,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocked {
    /// The direct room of the two, if there is one.
    room: Option<RoomKey>,
    /// One of them has blocked the other now.
    silent: bool,
}

impl Write for Blocking {
    type Outcome = Blocked;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Everything]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Blocked> {
        on!(conn, block, self)
    }

    fn effects(&self, blocked: &Blocked, effects: &mut Effects) {
        let Self { user, other, blocks, at: _ } = *self;
        effects.happened(|| Happened::Blocked { user: user.0, other: other.0, blocks });
        if let Some(room) = blocked.room {
            effects.standing(room, user);
            effects.standing(room, other);
        }
    }
}

#[each_backend]
mod backend {
    use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

    use super::{BLOCKS_PER_USER, Blocked, Blocking, WriteError, Written};
    use parlor_db::{
        backend::Conn,
        schema::blocks,
        write::{contact::backend::has_blocked, direct::backend as direct, user::backend as user},
    };

    pub(super) fn block(conn: &mut Conn, block: &Blocking) -> Written<Blocked> {
        let Blocking { user, other, blocks, at } = *block;
        for user in [user, other] {
            if user::find(conn, user)?.is_none() {
                return Err(WriteError::NoSuchUser.into());
            }
        }
        if blocks {
            let known = blocks::table.filter(blocks::user_key.eq(user.0)).count();
            if known.get_result::<i64>(conn)? >= BLOCKS_PER_USER && !has_blocked(conn, user, other)?
            {
                return Err(WriteError::TooManyBlocks.into());
            }
            diesel::insert_into(blocks::table)
                .values((
                    blocks::user_key.eq(user.0),
                    blocks::blocked_key.eq(other.0),
                    blocks::created_at.eq(at.0),
                ))
                .on_conflict_do_nothing()
                .execute(conn)?;
        } else {
            diesel::delete(blocks::table.find((user.0, other.0))).execute(conn)?;
        }
        // The other one may have blocked this one, too.
        let silent = blocks || has_blocked(conn, other, user)?;
        let room = direct::find(conn, [user, other])?;
        if let Some(room) = room {
            direct::mark_blocked(conn, room, silent)?;
        }
        Ok(Blocked { room, silent })
    }
}

#[cfg(test)]
mod tests {
    use parlor_db::{
        Direct, EraseUser, Queued,
        samples::{AT, BOUNDS, Bench},
    };
    use parlor_domain::{Adder, User};

    use super::*;

    #[actix::test]
    async fn a_block_holds_in_the_room_of_two_made_before_or_after() {
        let bench = Bench::new();
        let (ann, ben) = (bench.user("ann"), bench.user("ben"));
        let block = |user: &User, other: &User, blocks| {
            let (user, other) = (user.key, other.key);
            bench.one(Blocking { user, other, blocks, at: AT }).expect("set");
        };
        block(&ann, &ben, true);
        let refused = bench.direct("d", [&ben, &ann]).err();
        assert_eq!(refused, Some(WriteError::Denied(Denied::Blocked)));
        let Ok(Direct { room, blocks: true, is_new: true, .. }) = bench.direct("d", [&ann, &ben])
        else {
            panic!("not opened");
        };
        let blocked = async || {
            let of = async |user: &User| {
                let standing = bench.database.reader.standing(room.key, user.key).await;
                standing.expect("read").expect("a member").blocked
            };
            (of(&ben).await, of(&ann).await)
        };
        assert_eq!(blocked().await, (true, true), "both are silent");
        block(&ben, &ann, true);
        block(&ann, &ben, false);
        assert_eq!(blocked().await, (true, true), "the other one has blocked, too");
        block(&ben, &ann, false);
        assert_eq!(blocked().await, (false, false));
        let again = bench.direct("e", [&ben, &ann]);
        assert!(matches!(again, Ok(Direct { is_new: false, .. })), "{again:?}");
    }

    #[test]
    fn who_is_blocked_adds_nobody_to_a_room() {
        let bench = Bench::new();
        let (ann, ben) = (bench.user("ann"), bench.user("ben"));
        let room = bench.room("r", &ann);
        let (user, other) = (ben.key, ann.key);
        bench.one(Blocking { user, other, blocks: true, at: AT }).expect("blocked");
        let added = bench.put(room.key, &ben, Adder::Other(ann.key), BOUNDS);
        assert_eq!(added.err(), Some(WriteError::Denied(Denied::Blocked)));
        bench.put(room.key, &ben, Adder::Oneself, BOUNDS).expect("they may come themselves");
    }

    /// Whoever looked a user up may be overtaken by the deletion.
    #[test]
    fn who_was_deleted_blocks_nobody_and_is_not_blocked() {
        let bench = Bench::new();
        let users = [bench.user("ann").key, bench.user("ben").key];
        bench.one(EraseUser { user: users[1], at: AT }).expect("erased");
        for [user, other] in [users, [users[1], users[0]]] {
            let block = Blocking { user, other, blocks: true, at: AT };
            assert_eq!(bench.one(block).err(), Some(WriteError::NoSuchUser));
        }
        assert_eq!(bench.count("blocks"), 0);
    }

    #[test]
    fn the_number_of_blocked_users_is_bounded() {
        let bench = Bench::new();
        let ann = bench.user("ann");
        let block = |other: UserKey, blocks| Blocking { user: ann.key, other, blocks, at: AT };
        let others = (0..BLOCKS_PER_USER).map(|i| bench.user(&format!("u{i}")).key);
        let writes: Vec<Blocking> = others.map(|other| block(other, true)).collect();
        let all: Vec<Queued> = writes.iter().map(|block| block.queued()).collect();
        assert!(bench.execute(&all).iter().all(Result::is_ok));
        let one_more = bench.user("more").key;
        assert_eq!(bench.one(block(one_more, true)).err(), Some(WriteError::TooManyBlocks));
        bench.one(writes[0]).expect("who is blocked already may be blocked again");
        bench.one(block(one_more, false)).expect("lifting is always possible");
    }
}
