//! Mark a room as unread again.

use parlor_domain::{Denied, MessageId, RoomId, RoomKey, Seq, UserKey, limits::UNREAD_BACK};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester};
use crate::{
    chat::{Own, ReadMark},
    db::{Concern, Conn, Effects, Happened, Write, WriteError, Written, on},
    protocol::{Refusal, Rules},
};

/// Counts a room as unread from a position or a message on; from the newest message that
/// somebody else wrote, if it names none. What is unread anyway stays so, and the user's
/// read mark, which others see, stays where it is.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MarkUnread {
    room_id: RoomId,
    seq: Option<Seq>,
    message_id: Option<MessageId>,
}

impl Operation for MarkUnread {
    type Answer = ReadMark;
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        match self.seq.is_some() && self.message_id.is_some() {
            true => Err(Refusal::field("seq", "and message_id exclude each other")),
            false => Ok(()),
        }
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.member()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: access, reply } = asked;
        let from_where = match (self.seq, self.message_id) {
            (Some(seq), _) => From::Seq(seq),
            (None, Some(message)) => From::Message(message),
            (None, None) => From::Newest,
        };
        let (room, user) = (access.room, from.user.key);
        let write = Unreading { room: room.key, user, from: from_where };
        server.write_for(reply, write, move |server, reply, ()| {
            server.tell_own(reply, user, room, Some(Own::Unread));
        });
    }
}

/// From where on it is unread.
#[derive(Clone, Copy, Debug)]
pub(super) enum From {
    Seq(Seq),
    Message(MessageId),
    /// The newest message of somebody else, or the newest of all.
    Newest,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Unreading {
    pub room: RoomKey,
    pub user: UserKey,
    pub from: From,
}

impl Write for Unreading {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, unread, self)
    }

    fn effects(&self, (): &(), effects: &mut Effects) {
        effects.happened(|| Happened::Unread { room: self.room.0, user: self.user.0 });
    }
}

#[each_backend]
mod backend {
    use diesel::{
        ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, dsl::max,
    };

    use super::{Denied, From, UNREAD_BACK, Unreading, WriteError, Written};
    use parlor_db::{
        backend::Conn,
        schema::{members, messages, receipts, rooms},
    };

    pub(super) fn unread(conn: &mut Conn, unreading: &Unreading) -> Written<()> {
        let Unreading { room, user, from } = *unreading;
        let floor = rooms::table.find(room.0).select(rooms::floor_seq);
        let floor = floor.first::<i64>(conn).optional()?.ok_or(WriteError::NoSuchRoom)?;
        // By messages: the head may be far behind the last of them, and is after a restore.
        let last = messages::table.filter(messages::room_key.eq(room.0));
        let last: Option<i64> = last.select(max(messages::seq)).first(conn)?;
        let last = last.filter(|last| *last > floor).ok_or(WriteError::NoSuchMessage)?;
        let first = floor.max(last - UNREAD_BACK) + 1;
        let from = match from {
            From::Seq(seq) => Some(seq.0.clamp(first, last)),
            From::Message(id) => {
                let message = messages::table
                    .filter(messages::id.eq(id.0))
                    .filter(messages::room_key.eq(room.0))
                    .filter(messages::seq.gt(floor));
                let seq = message.select(messages::seq).first::<i64>(conn).optional()?;
                seq.map(|seq| seq.max(first))
            }
            From::Newest => newest(conn, unreading, first)?,
        };
        let from = from.ok_or(WriteError::NoSuchMessage)?;
        let member = members::table.find((room.0, user.0));
        let after = member.select(members::unread_after).first::<i64>(conn).optional()?;
        let after = after.ok_or(Denied::Stranger)?;
        let read = receipts::table.find((room.0, user.0)).select(receipts::read_seq);
        let read = read.first::<i64>(conn).optional()?.unwrap_or(0);
        // What is unread anyway stays so.
        let after = after.max(read).min(from - 1);
        diesel::update(member)
            .set((members::unread_after.eq(after), members::unread_from.eq(after + 1)))
            .execute(conn)?;
        Ok(())
    }

    /// Where the newest message of others is; of all, where there is none of theirs within
    /// what may be marked.
    fn newest(conn: &mut Conn, unreading: &Unreading, first: i64) -> QueryResult<Option<i64>> {
        let newest = messages::table
            .filter(messages::room_key.eq(unreading.room.0))
            .filter(messages::seq.ge(first))
            .order(messages::seq.desc())
            .select(messages::seq);
        // What counts there: not what is silent, or in a thread alone.
        let of_others = newest
            .filter(messages::sender_key.ne(unreading.user.0))
            .filter(messages::deleted_at.is_null())
            .filter(messages::silent.is_null());
        match of_others.first(conn).optional()? {
            Some(seq) => Ok(Some(seq)),
            None => newest.first(conn).optional(),
        }
    }
}

#[cfg(test)]
mod tests {
    use parlor_db::{
        ClearRoom, Marked,
        samples::{AT, Bench},
    };
    use parlor_domain::ReadTarget;

    use super::*;
    use crate::operations::{mark::Reading, read_all::ReadingAll};

    #[actix::test]
    async fn what_is_marked_unread_is_counted_until_it_is_read_again() {
        let mut bench = Bench::new();
        let (ann, ben) = (bench.user("ann"), bench.user("ben"));
        let room = bench.room("r", &ann);
        bench.add(&room, &ben).expect("added");
        let unreading = |from| Unreading { room: room.key, user: ben.key, from };
        for from in [From::Newest, From::Seq(Seq(1))] {
            let refused = bench.one(unreading(from)).err();
            assert_eq!(refused, Some(WriteError::NoSuchMessage), "there is nothing to be unread");
        }
        bench.say(&room, &ann, 5);
        bench.say(&room, &ben, 2);
        let state = async |bench: &Bench| {
            let state = bench.database.reader.room_state(room.key, ben.key).await.expect("read");
            let state = state.expect("a member").0;
            (state.read_seq.0, state.unread, state.unread_from.map(|seq| seq.0))
        };
        let read = |bench: &Bench, target| {
            let reading = Reading { room: room.key, user: ben.key, target, at: AT };
            let Marked { moved, again, .. } = bench.one(reading).expect("read");
            (moved.is_some(), again)
        };
        assert_eq!(read(&bench, ReadTarget::All), (true, false));
        assert_eq!(state(&bench).await, (7, 0, None));
        bench.one(unreading(From::Newest)).expect("marked");
        assert_eq!(state(&bench).await, (7, 1, Some(5)));
        bench.one(unreading(From::Seq(Seq(2)))).expect("marked");
        assert_eq!(state(&bench).await, (7, 4, Some(2)));
        // What is read in parts stays unread behind that.
        assert_eq!(read(&bench, ReadTarget::Seq(Seq(1))), (false, false));
        assert_eq!(read(&bench, ReadTarget::Seq(Seq(3))), (false, true));
        assert_eq!(state(&bench).await, (7, 2, Some(4)));
        assert_eq!(read(&bench, ReadTarget::All), (false, true));
        assert_eq!(state(&bench).await, (7, 0, None));
        assert_eq!(read(&bench, ReadTarget::All), (false, false));
        // With what has come since.
        bench.one(unreading(From::Seq(Seq(4)))).expect("marked");
        bench.say(&room, &ann, 1);
        assert_eq!(state(&bench).await, (7, 3, Some(4)));
        assert_eq!(read(&bench, ReadTarget::All), (true, false));
        assert_eq!(state(&bench).await, (8, 0, None));
        // By all at once, too, though no mark moves.
        bench.one(unreading(From::Seq(Seq(99)))).expect("marked");
        assert_eq!(state(&bench).await, (8, 1, Some(8)));
        let read_all = |bench: &Bench| {
            let read = bench.one(ReadingAll { user: ben.key, at: AT }).expect("read");
            read.rooms.iter().map(|room| room.by.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(read_all(&bench), [false], "nobody else hears of it");
        assert_eq!(state(&bench).await, (8, 0, None));
        assert_eq!(read_all(&bench), [false; 0]);
        // What is unread anyway stays so.
        bench.say(&room, &ann, 3);
        bench.one(unreading(From::Newest)).expect("marked");
        assert_eq!(state(&bench).await, (8, 3, Some(9)));
        bench.one(unreading(From::Seq(Seq(3)))).expect("marked");
        assert_eq!(state(&bench).await, (8, 7, Some(3)));
        // What is gone is not unread, nor can it be marked.
        let (room, upto) = (room.key, Some(Seq(4)));
        bench.one(ClearRoom { room, upto }).expect("trimmed");
        assert_eq!(state(&bench).await, (8, 5, None));
        bench.one(unreading(From::Seq(Seq(2)))).expect("marked");
        assert_eq!(state(&bench).await, (8, 5, Some(5)));
        assert_eq!(read_all(&bench), [true]);
    }
}
