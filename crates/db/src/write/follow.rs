//! Who follows a thread: whoever writes in it, began it or is mentioned in it, unless they
//! do not want to.

use parlor_domain::{
    Message, MessageId, RoomKey, Seq, Timestamp, UserKey,
    limits::{THREADS_BY_OTHERS, THREADS_FOLLOWED},
};
use parlor_macros::each_backend;

use crate::{
    feed::Happened,
    write::{Concern, Conn, Effects, Write, Written, on},
};

/// Who has a thread otherwise than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    pub user: UserKey,
    /// The user's own doing, which has its own share of what is kept: `None` if there is no
    /// more of it than before.
    pub grows: Option<FollowedBy>,
}

/// By whose doing a thread is among those of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowedBy {
    Own,
    Others,
}

impl FollowedBy {
    fn is_own(self) -> bool {
        self == Self::Own
    }

    fn share(self) -> i64 {
        match self {
            Self::Own => THREADS_FOLLOWED,
            Self::Others => THREADS_BY_OTHERS,
        }
    }
}

/// The own connections of those who have the thread of a message otherwise are told.
pub(super) fn effects(message: &Message, followed: &[Followed], effects: &mut Effects) {
    let Some(thread) = message.extras.as_ref().and_then(|extras| extras.thread_id) else { return };
    for Followed { user, .. } in followed {
        effects.happened(|| happened(message.room_key, *user, thread));
    }
}

fn happened(room: RoomKey, user: UserKey, thread: MessageId) -> Happened {
    Happened::Thread { room: room.0, user: user.0, thread: thread.0 }
}

/// A message in a thread.
#[derive(Clone, Copy, Debug)]
pub struct InThread {
    pub room: RoomKey,
    pub thread: MessageId,
    pub seq: Seq,
    pub sender: UserKey,
    pub at: Timestamp,
}

/// A thread as one user has it.
#[derive(Clone, Copy, Debug)]
pub struct Follow {
    pub user: UserKey,
    pub room: RoomKey,
    pub thread: MessageId,
    /// Up to where it is read if it was not followed before.
    pub read: Seq,
    pub at: Timestamp,
}

/// Forgets the thread that a user has not touched for longest, if there are more than their
/// share.
///
/// A write of its own, and of one row: a reply locks its room alone, and whose threads these
/// are may be mentioned in many rooms at once.
#[derive(Clone, Copy, Debug)]
pub struct TrimFollows {
    pub user: UserKey,
    pub whose: FollowedBy,
}

impl Write for TrimFollows {
    /// What is forgotten.
    type Outcome = Option<(RoomKey, MessageId)>;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Option<(RoomKey, MessageId)>> {
        on!(conn, trim, self)
    }

    fn effects(&self, forgotten: &Option<(RoomKey, MessageId)>, effects: &mut Effects) {
        if let Some((room, thread)) = forgotten {
            effects.happened(|| happened(*room, self.user, *thread));
        }
    }
}

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl, QueryResult,
        RunQueryDsl, dsl::exists, select,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{members, messages, thread_follows},
        write::timeline::backend as timeline,
    };

    /// A reply came: its author follows the thread and has read up to it, and who began the
    /// thread follows it, too, if they are there. Gives who has it otherwise now.
    pub fn replied(
        conn: &mut Conn,
        reply: InThread,
        beginner: UserKey,
    ) -> QueryResult<Vec<Followed>> {
        let mut followed = Vec::new();
        followed.extend(wrote(conn, reply)?);
        let is_there = || members::table.find((reply.room.0, beginner.0));
        if beginner != reply.sender && select(exists(is_there())).get_result(conn)? {
            followed.extend(mentioned(conn, reply, &[beginner.0])?);
        }
        Ok(followed)
    }

    fn wrote(conn: &mut Conn, reply: InThread) -> QueryResult<Option<Followed>> {
        let InThread { room, thread, seq, sender: user, at } = reply;
        let row = thread_follows::table.find((user.0, thread.0));
        let known =
            row.select((thread_follows::following, thread_follows::own, thread_follows::read_seq));
        let Some((did_follow, own, read)) = known.first::<(bool, bool, i64)>(conn).optional()?
        else {
            let follow = Follow { user, room, thread, read: seq, at };
            insert(conn, follow, true, FollowedBy::Own)?;
            return Ok(Some(Followed { user, grows: Some(FollowedBy::Own) }));
        };
        diesel::update(row)
            .set((
                thread_follows::following.eq(true),
                thread_follows::own.eq(true),
                thread_follows::read_seq.eq(read.max(seq.0)),
                thread_follows::touched_at.eq(at.0),
            ))
            .execute(conn)?;
        let of_others = messages::table
            .filter(messages::thread_id.eq(thread.0))
            .filter(messages::seq.gt(read))
            .filter(messages::sender_key.ne(user.0));
        let is_otherwise = !did_follow || select(exists(of_others)).get_result(conn)?;
        let grows = (!own).then_some(FollowedBy::Own);
        Ok((is_otherwise || !own).then_some(Followed { user, grows }))
    }

    /// Who is meant by a reply and has not decided otherwise follows the thread from it on.
    /// Gives who does that did not.
    pub fn mentioned(
        conn: &mut Conn,
        InThread { room, thread, seq, sender, at }: InThread,
        users: &[i64],
    ) -> QueryResult<Vec<Followed>> {
        let mut followed = Vec::new();
        for user in users.iter().filter(|user| **user != sender.0) {
            let (user, read) = (UserKey(*user), Seq(seq.0 - 1));
            let follow = Follow { user, room, thread, read, at };
            if insert(conn, follow, true, FollowedBy::Others)? {
                followed.push(Followed { user, grows: Some(FollowedBy::Others) });
            }
        }
        Ok(followed)
    }

    /// Follows a thread or leaves off by the user's own will; what they have read while they
    /// followed it stays. `None`: it was so before.
    pub fn set(conn: &mut Conn, new: Follow, following: bool) -> QueryResult<Option<Followed>> {
        let row = thread_follows::table.find((new.user.0, new.thread.0));
        let known = row.select((thread_follows::following, thread_follows::own));
        let Some((did_follow, own)) = known.first::<(bool, bool)>(conn).optional()? else {
            insert(conn, new, following, FollowedBy::Own)?;
            return Ok(Some(Followed { user: new.user, grows: Some(FollowedBy::Own) }));
        };
        diesel::update(row)
            .set((
                thread_follows::following.eq(following),
                thread_follows::own.eq(true),
                thread_follows::touched_at.eq(new.at.0),
            ))
            .execute(conn)?;
        if following && !did_follow {
            diesel::update(row).set(thread_follows::read_seq.eq(new.read.0)).execute(conn)?;
        }
        let grows = (!own).then_some(FollowedBy::Own);
        let is_otherwise = did_follow != following || !own;
        Ok(is_otherwise.then_some(Followed { user: new.user, grows }))
    }

    /// Up to where a user has read a thread that they follow; never back. `None`: it was so
    /// before.
    pub fn read(conn: &mut Conn, new: Follow) -> QueryResult<Option<Followed>> {
        let row = thread_follows::table.find((new.user.0, new.thread.0));
        let behind =
            row.filter(thread_follows::following).filter(thread_follows::read_seq.lt(new.read.0));
        let Some(own) = behind.select(thread_follows::own).first::<bool>(conn).optional()? else {
            return Ok(None);
        };
        diesel::update(row)
            .set((
                thread_follows::read_seq.eq(new.read.0),
                thread_follows::own.eq(true),
                thread_follows::touched_at.eq(new.at.0),
            ))
            .execute(conn)?;
        Ok(Some(Followed { user: new.user, grows: (!own).then_some(FollowedBy::Own) }))
    }

    fn insert(
        conn: &mut Conn,
        new: Follow,
        following: bool,
        whose: FollowedBy,
    ) -> QueryResult<bool> {
        let Follow { user, room, thread, read, at } = new;
        let inserted = diesel::insert_into(thread_follows::table)
            .values((
                thread_follows::user_key.eq(user.0),
                thread_follows::thread_id.eq(thread.0),
                thread_follows::room_key.eq(room.0),
                thread_follows::following.eq(following),
                thread_follows::own.eq(whose.is_own()),
                thread_follows::read_seq.eq(read.0),
                thread_follows::touched_at.eq(at.0),
            ))
            .on_conflict_do_nothing()
            .execute(conn)?;
        Ok(inserted == 1)
    }

    pub(super) fn trim(
        conn: &mut Conn,
        TrimFollows { user, whose }: &TrimFollows,
    ) -> Written<Option<(RoomKey, MessageId)>> {
        let of_user = thread_follows::table
            .filter(thread_follows::user_key.eq(user.0))
            .filter(thread_follows::own.eq(whose.is_own()));
        let beyond = of_user.order(thread_follows::touched_at.desc()).offset(whose.share());
        let beyond = beyond.select(thread_follows::thread_id).first::<i64>(conn).optional()?;
        let Some(_) = beyond else { return Ok(None) };
        let oldest = of_user
            .order((thread_follows::touched_at, thread_follows::thread_id))
            .select((thread_follows::room_key, thread_follows::thread_id));
        let (room, thread) = oldest.first::<(i64, i64)>(conn)?;
        diesel::delete(thread_follows::table.find((user.0, thread))).execute(conn)?;
        Ok(Some((RoomKey(room), MessageId(thread))))
    }

    /// Users are not in a room any more.
    pub fn left(conn: &mut Conn, room: RoomKey, users: &[i64]) -> QueryResult<()> {
        let there = thread_follows::table
            .filter(thread_follows::room_key.eq(room.0))
            .filter(thread_follows::user_key.eq_any(users));
        diesel::delete(there).execute(conn).map(drop)
    }

    /// All that a user follows is read to the heads of its rooms. Gives what was not.
    pub fn read_all(
        conn: &mut Conn,
        user: UserKey,
        limit: i64,
    ) -> QueryResult<Vec<(RoomKey, MessageId)>> {
        let unread = messages::table
            .filter(messages::thread_id.eq(thread_follows::thread_id.nullable()))
            .filter(messages::seq.gt(thread_follows::read_seq))
            .filter(messages::sender_key.ne(thread_follows::user_key));
        let threads = thread_follows::table
            .filter(thread_follows::user_key.eq(user.0))
            .filter(thread_follows::following)
            .filter(exists(unread))
            .order(thread_follows::thread_id)
            .limit(limit)
            .select((thread_follows::room_key, thread_follows::thread_id))
            .load::<(i64, i64)>(conn)?;
        for (room, thread) in &threads {
            let head = timeline::head(conn, RoomKey(*room))?;
            let Some(head) = head else { continue };
            diesel::update(thread_follows::table.find((user.0, thread)))
                .set(thread_follows::read_seq.eq(head.0))
                .execute(conn)?;
        }
        Ok(threads.into_iter().map(|(room, id)| (RoomKey(room), MessageId(id))).collect())
    }
}

#[cfg(test)]
mod tests {
    use parlor_domain::{Mentioned, NewExtras};

    use super::*;
    use crate::samples::Bench;

    #[test]
    fn what_others_cause_takes_only_its_own_share() {
        let mut bench = Bench::new();
        let (ann, ben) = (bench.user("ann"), bench.user("ben"));
        let room = bench.room("r", &ann);
        bench.add(&room, &ben).expect("added");
        let user = ben.key;
        let own = bench.plain(&room, &ann);
        let extras = NewExtras { thread: Some(own), ..NewExtras::default() };
        bench.rich(&room, &ben, extras);
        let mentioned = Mentioned::find("@ben");
        let mut first = None;
        for n in 0..=THREADS_BY_OTHERS {
            let thread = Some(bench.plain(&room, &ann));
            first = first.or(thread);
            let mentioned = mentioned.clone();
            bench.rich(&room, &ann, NewExtras { thread, mentioned, ..NewExtras::default() });
            let forgotten =
                bench.one(TrimFollows { user, whose: FollowedBy::Others }).expect("done");
            let expected = first.filter(|_| n == THREADS_BY_OTHERS);
            assert_eq!(forgotten, expected.map(|thread| (room.key, thread)));
        }
        let of_ben =
            |own: bool| format!("thread_follows WHERE user_key = {} AND own = {own}", ben.key.0);
        assert_eq!(
            (bench.count(&of_ben(true)), bench.count(&of_ben(false))),
            (1, THREADS_BY_OTHERS)
        );
        let nothing = bench.one(TrimFollows { user, whose: FollowedBy::Own }).expect("done");
        assert_eq!(nothing, None);
    }
}
