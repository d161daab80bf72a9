//! Who follows a thread: whoever writes in it, began it or is mentioned in it, unless they
//! do not want to.

use parlor_domain::{
    Message, MessageId, RoomKey, Seq, Timestamp, UserKey, limits::THREADS_FOLLOWED,
};
use parlor_macros::each_backend;

use crate::{feed::Happened, write::Effects};

/// The own connections of those who follow the thread of a message from now on are told.
pub(super) fn effects(message: &Message, followed: &[UserKey], effects: &mut Effects) {
    let Some(thread) = message.extras.as_ref().and_then(|extras| extras.thread_id) else { return };
    for user in followed {
        effects.happened(|| Happened::Thread {
            room: message.room_key.0,
            user: user.0,
            thread: thread.0,
        });
    }
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
    pub read: Seq,
    pub at: Timestamp,
}

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, dsl::exists,
        select,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{members, thread_follows},
    };

    /// A reply came: its author follows the thread and has read up to it, and who began the
    /// thread follows it, too, if they are there. Gives who does that did not.
    pub fn replied(
        conn: &mut Conn,
        reply: InThread,
        beginner: UserKey,
    ) -> QueryResult<Vec<UserKey>> {
        let InThread { room, thread, seq, sender: author, at } = reply;
        let mut followed = Vec::new();
        if follow(conn, Follow { user: author, room, thread, read: seq, at })? {
            followed.push(author);
        }
        let beginner_is_there = || members::table.find((room.0, beginner.0));
        if beginner != author && select(exists(beginner_is_there())).get_result(conn)? {
            followed.extend(mentioned(conn, reply, &[beginner.0])?);
        }
        Ok(followed)
    }

    /// Who is meant by a reply and has not decided otherwise follows the thread from it on.
    /// Gives who does that did not. Everybody at once (0) is nobody in particular.
    pub fn mentioned(
        conn: &mut Conn,
        InThread { room, thread, seq, sender, at }: InThread,
        keys: &[i64],
    ) -> QueryResult<Vec<UserKey>> {
        let mut followed = Vec::new();
        for user in keys.iter().filter(|key| **key != 0 && **key != sender.0) {
            let (user, read) = (UserKey(*user), Seq(seq.0 - 1));
            if insert(conn, Follow { user, room, thread, read, at }, true)? {
                followed.push(user);
            }
        }
        Ok(followed)
    }

    /// Follows a thread by the user's own will; what they have read of it stays read. Whether
    /// they did not before.
    pub fn follow(conn: &mut Conn, new: Follow) -> QueryResult<bool> {
        set(conn, new, true)
    }

    /// Does not follow a thread, whoever mentions the user in it. Whether they did before.
    pub fn unfollow(conn: &mut Conn, new: Follow) -> QueryResult<bool> {
        set(conn, new, false)
    }

    fn set(conn: &mut Conn, new: Follow, following: bool) -> QueryResult<bool> {
        let row = thread_follows::table.find((new.user.0, new.thread.0));
        let known = row.select((thread_follows::following, thread_follows::read_seq));
        let Some((did_follow, read)) = known.first::<(bool, i64)>(conn).optional()? else {
            insert(conn, new, following)?;
            return Ok(following);
        };
        diesel::update(row)
            .set((
                thread_follows::following.eq(following),
                thread_follows::read_seq.eq(read.max(new.read.0)),
                thread_follows::touched_at.eq(new.at.0),
            ))
            .execute(conn)?;
        Ok(did_follow != following)
    }

    fn insert(conn: &mut Conn, new: Follow, following: bool) -> QueryResult<bool> {
        let Follow { user, room, thread, read, at } = new;
        let inserted = diesel::insert_into(thread_follows::table)
            .values((
                thread_follows::user_key.eq(user.0),
                thread_follows::thread_id.eq(thread.0),
                thread_follows::room_key.eq(room.0),
                thread_follows::following.eq(following),
                thread_follows::read_seq.eq(read.0),
                thread_follows::touched_at.eq(at.0),
            ))
            .on_conflict_do_nothing()
            .execute(conn)?;
        if inserted == 1 {
            forget_oldest(conn, new)?;
        }
        Ok(inserted == 1)
    }

    fn forget_oldest(conn: &mut Conn, new: Follow) -> QueryResult<()> {
        let of_user = thread_follows::table.filter(thread_follows::user_key.eq(new.user.0));
        let beyond = of_user
            .filter(thread_follows::thread_id.ne(new.thread.0))
            .order(thread_follows::touched_at.desc())
            .offset(THREADS_FOLLOWED - 1)
            .limit(2)
            .select(thread_follows::thread_id)
            .load::<i64>(conn)?;
        if beyond.is_empty() {
            return Ok(());
        }
        let beyond = of_user.filter(thread_follows::thread_id.eq_any(beyond));
        diesel::delete(beyond).execute(conn).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use parlor_domain::{Mentioned, NewExtras};

    use super::*;
    use crate::samples::Bench;

    #[test]
    fn no_more_are_kept_than_a_user_may_follow_and_the_newest_stay() {
        let mut bench = Bench::new();
        let (ann, ben) = (bench.user("ann"), bench.user("ben"));
        let room = bench.room("r", &ann);
        bench.add(&room, &ben).expect("added");
        let mentioned = Mentioned::find("@ben");
        let reply = |bench: &mut Bench, root| {
            let (thread, mentioned) = (Some(root), mentioned.clone());
            bench.rich(&room, &ann, NewExtras { thread, mentioned, ..NewExtras::default() });
        };
        let of_ben = format!("thread_follows WHERE user_key = {}", ben.key.0);
        let first = bench.plain(&room, &ann);
        reply(&mut bench, first);
        bench.run("UPDATE thread_follows SET touched_at = touched_at - 1");
        for _ in 0..THREADS_FOLLOWED {
            let root = bench.plain(&room, &ann);
            reply(&mut bench, root);
        }
        assert_eq!(bench.count(&of_ben), THREADS_FOLLOWED);
        assert_eq!(bench.count(&format!("{of_ben} AND thread_id = {}", first.0)), 0);
    }
}
