//! Mark everything read.

use std::sync::Arc;

use parlor_domain::{
    MessageId, RoomId, RoomKey, Seq, Timestamp, UserId, UserKey,
    limits::{READ_ALL_ROOMS, READ_ALL_THREADS},
};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::ReplyTo,
    clock::now,
    db::{Concern, Conn, Effects, Happened, MarkedBy, Write, Written, on},
    protocol::{
        events::{self, UnreadView},
        server_frame::Empty,
    },
};

/// One step of it: some of the rooms that are unread.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MarkSomeRead {}

impl Operation for MarkSomeRead {
    type Answer = Moved;
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let user = asked.from.user.key;
        let write = ReadingAll { user, at: now() };
        server.write_for(asked.reply, write, move |server, reply, AllRead { rooms, threads }| {
            let is_full =
                |found: usize, limit| i64::try_from(found).is_ok_and(|found| found >= limit);
            let more =
                is_full(rooms.len(), READ_ALL_ROOMS) || is_full(threads.len(), READ_ALL_THREADS);
            for place in threads {
                server.tell_thread(ReplyTo::nobody(), user, place, true);
            }
            let rooms = rooms.into_iter().map(|read| server.tell_all_read(user, read)).collect();
            server.answer(reply, Ok(Moved { rooms, more }));
        });
    }
}

impl ChatServer {
    fn tell_all_read(&mut self, user: UserKey, read: RoomRead) -> (RoomId, Seq) {
        let RoomRead { key, room, seq, by } = read;
        if let Some(by) = by {
            self.marks.read((key, &room), user, by, seq);
        }
        let epoch = self.reader.epoch_of(key);
        let (read_seq, epoch) = (seq.0, epoch.as_str());
        let unread = UnreadView {
            read_seq,
            unread: 0,
            mentions: 0,
            last_seq: read_seq,
            epoch,
            unread_from: None,
        };
        self.tell_user(user, &events::room_unread(&room, unread, now()));
        (room, seq)
    }
}

/// The rooms that are read now, and were not.
#[derive(Debug)]
pub struct Moved {
    pub rooms: Vec<(RoomId, Seq)>,
    /// There may be more rooms or threads.
    pub more: bool,
}

impl Shown for Moved {
    type View<'a> = Empty;

    fn view(&self) -> Empty {
        Empty {}
    }
}

/// Raises all of a user's read marks to the heads.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadingAll {
    pub user: UserKey,
    pub at: Timestamp,
}

/// A room that was read to its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RoomRead {
    pub key: RoomKey,
    pub room: RoomId,
    pub seq: Seq,
    /// If the mark moved: it may have been there, and the room marked as unread.
    pub by: Option<MarkedBy>,
}

/// What is read now, and was not.
#[derive(Clone, Debug, Default)]
pub(super) struct AllRead {
    pub rooms: Vec<RoomRead>,
    pub threads: Vec<(RoomKey, MessageId)>,
}

impl Write for ReadingAll {
    type Outcome = AllRead;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<AllRead> {
        on!(conn, read_all, self)
    }

    fn effects(&self, AllRead { rooms, threads }: &AllRead, effects: &mut Effects) {
        for (room, thread) in threads {
            let (room, user, thread) = (room.0, self.user.0, thread.0);
            effects.happened(|| Happened::Thread { room, user, thread });
        }
        for RoomRead { key, seq, by, .. } in rooms {
            effects.happened(|| match by {
                Some(by) => by.has_read(*key, self.user, *seq),
                None => Happened::Unread { room: key.0, user: self.user.0 },
            });
        }
    }
}

#[each_backend]
mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl,
        RunQueryDsl,
    };

    use super::{
        AllRead, Arc, MarkedBy, READ_ALL_ROOMS, READ_ALL_THREADS, ReadingAll, RoomId, RoomKey,
        RoomRead, Seq, UserId, Written,
    };
    use parlor_db::{
        backend::Conn,
        schema::{members, receipts, room_heads, rooms, users},
        write::{follow::backend as follow, receipt::backend as receipt},
    };

    /// Some of the rooms and threads that are unread.
    pub(super) fn read_all(conn: &mut Conn, reading: &ReadingAll) -> Written<AllRead> {
        let ReadingAll { user, at } = *reading;
        let mark =
            receipts::room_key.eq(members::room_key).and(receipts::user_key.eq(members::user_key));
        let not_read =
            receipts::read_seq.is_null().and(room_heads::last_seq.gt(0)).or(room_heads::last_seq
                .nullable()
                .gt(receipts::read_seq.nullable())
                .assume_not_null());
        // Only what reading ends: not what was cleared, or read by an earlier version.
        let marked = members::unread_from
            .le(room_heads::last_seq.nullable())
            .and(members::unread_from.gt(members::unread_after.nullable()));
        let unread = members::table
            .inner_join(rooms::table)
            .inner_join(users::table)
            .inner_join(room_heads::table.on(room_heads::room_key.eq(members::room_key)))
            .left_join(receipts::table.on(mark))
            .filter(members::user_key.eq(user.0))
            .filter(not_read.or(marked.assume_not_null()))
            .filter(rooms::id.is_not_null())
            .select((
                (rooms::key, rooms::id.assume_not_null(), room_heads::last_seq),
                (users::id.assume_not_null(), members::blocked),
                receipts::read_seq.nullable(),
            ))
            .limit(READ_ALL_ROOMS)
            .load::<((i64, String, i64), (String, bool), Option<i64>)>(conn)?;
        let blocked =
            if unread.is_empty() { Arc::default() } else { receipt::blocked_by(conn, user)? };
        let mut moved = Vec::with_capacity(unread.len());
        for ((key, room, head), (id, is_hidden), read) in unread {
            let (key, room, seq) = (RoomKey(key), RoomId::from_stored(room), Seq(head));
            let by = match read.map(Seq).filter(|read| *read >= seq) {
                Some(read) => {
                    receipt::read_again(conn, key, user, seq, read)?;
                    None
                }
                None => {
                    receipt::store(conn, key, user, seq, at)?;
                    let id = UserId::from_stored(id);
                    Some(MarkedBy { id, is_hidden, blocked: blocked.clone() })
                }
            };
            moved.push(RoomRead { key, room, seq, by });
        }
        let threads = follow::read_all(conn, user, READ_ALL_THREADS)?;
        Ok(AllRead { rooms: moved, threads })
    }
}

#[cfg(test)]
mod tests {
    use parlor_db::samples::{AT, Bench};
    use parlor_domain::User;

    use super::*;

    #[actix::test]
    async fn what_was_said_before_one_joined_is_not_unread_nor_ones_own() {
        let mut bench = Bench::new();
        let (ann, ben) = (bench.user("ann"), bench.user("ben"));
        let room = bench.room("r", &ann);
        bench.say(&room, &ann, 3);
        bench.add(&room, &ben).expect("added");
        bench.say(&room, &ann, 2);
        bench.say(&room, &ben, 4);
        let unread = async |user: &User| {
            let state = bench.database.reader.room_state(room.key, user.key).await.expect("read");
            state.expect("a member").0.unread
        };
        assert_eq!(unread(&ben).await, 2);
        assert_eq!(unread(&ann).await, 4);
        let moved = bench.one(ReadingAll { user: ben.key, at: AT }).expect("marked");
        let by = Some(MarkedBy { id: ben.id.clone(), is_hidden: false, blocked: Arc::default() });
        assert_eq!(moved.threads, []);
        assert_eq!(
            moved.rooms,
            [RoomRead { key: room.key, room: room.id.clone(), seq: Seq(9), by }]
        );
        assert_eq!(unread(&ben).await, 0);
    }
}
