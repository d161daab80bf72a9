//! Users who are to be told of what they have not read.

use parlor_domain::{MessageId, MessageIds, RoomKey, Seq, Timestamp, UserKey};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, WebhookEvent, Write, Written, on};

/// In the place of a user: how far messages have been looked through.
pub(crate) const LOOKED: UserKey = UserKey(0);

/// What is told to webhooks of somebody who has not read something for a while.
pub const UNREAD: &str = "user.unread";

/// Notes who has not read what was said.
#[derive(Clone, Debug, Default)]
pub struct NoteUnread {
    /// Who, in which room and from where on; who waits for it already stays as they are.
    pub waiting: Vec<(UserKey, RoomKey, Seq)>,
    /// How far messages have been looked through with this.
    pub looked: Option<MessageId>,
}

impl Write for NoteUnread {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, note, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

/// Tells of those who waited and have something unread; the others wait no more.
#[derive(Clone, Debug)]
pub struct TellUnread {
    pub unread: Vec<UserKey>,
    pub idle: Vec<UserKey>,
    pub at: Timestamp,
    /// Who was told after this is not told again.
    pub again_before: Timestamp,
}

impl Write for TellUnread {
    /// Who is told.
    type Outcome = Vec<UserKey>;

    /// Two nodes that tell at the same time are told apart by the rows themselves.
    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Vec<UserKey>> {
        on!(conn, tell, self)
    }

    fn effects(&self, told: &Vec<UserKey>, effects: &mut Effects) {
        for user in told {
            effects.webhook(|| WebhookEvent::of_user(UNREAD, *user));
        }
    }
}

#[each_backend]
mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

    use super::{
        LOOKED, MessageId, MessageIds, NoteUnread, RoomKey, Seq, TellUnread, Timestamp, UserKey,
        Written,
    };
    use crate::{
        backend::Conn,
        schema::{unread_told, unread_waiting},
        write::backend::SHARES_ROOMS,
    };

    pub(super) fn note(conn: &mut Conn, note: &NoteUnread) -> Written<()> {
        let row = |(user, room, first): &(UserKey, RoomKey, Seq)| {
            (
                unread_waiting::user_key.eq(user.0),
                unread_waiting::room_key.eq(room.0),
                unread_waiting::first_seq.eq(first.0),
            )
        };
        let rows_in = || diesel::insert_into(unread_waiting::table);
        if SHARES_ROOMS && !note.waiting.is_empty() {
            let rows: Vec<_> = note.waiting.iter().map(row).collect();
            rows_in().values(rows).on_conflict_do_nothing().execute(conn)?;
        } else {
            for waiting in &note.waiting {
                rows_in().values(row(waiting)).on_conflict_do_nothing().execute(conn)?;
            }
        }
        if let Some(looked) = note.looked
            && insert(conn, LOOKED, (looked, Timestamp(0)))? == 0
        {
            let row = unread_told::table.find(LOOKED.0).filter(unread_told::upto.lt(looked.0));
            diesel::update(row).set(unread_told::upto.eq(looked.0)).execute(conn)?;
        }
        Ok(())
    }

    pub(super) fn tell(conn: &mut Conn, tell: &TellUnread) -> Written<Vec<UserKey>> {
        let mut told = Vec::new();
        for user in &tell.unread {
            if begin(conn, *user, tell.at, tell.again_before)? {
                told.push(*user);
            }
        }
        let done = told.iter().chain(&tell.idle).map(|user| user.0);
        let done = unread_waiting::table.filter(unread_waiting::user_key.eq_any(done));
        diesel::delete(done).execute(conn)?;
        Ok(told)
    }

    /// A letter says all that is unread when it is sent: so also what was said just before
    /// is told with it.
    fn begin(
        conn: &mut Conn,
        user: UserKey,
        at: Timestamp,
        again_before: Timestamp,
    ) -> QueryResult<bool> {
        let upto = MessageIds::first_at(at);
        if insert(conn, user, (upto, at))? == 1 {
            return Ok(true);
        }
        let row = unread_told::table.find(user.0).filter(unread_told::told_at.le(again_before.0));
        let now = (unread_told::upto.eq(upto.0), unread_told::told_at.eq(at.0));
        Ok(diesel::update(row).set(now).execute(conn)? == 1)
    }

    fn insert(
        conn: &mut Conn,
        user: UserKey,
        (upto, at): (MessageId, Timestamp),
    ) -> QueryResult<usize> {
        diesel::insert_into(unread_told::table)
            .values((
                unread_told::user_key.eq(user.0),
                unread_told::upto.eq(upto.0),
                unread_told::told_at.eq(at.0),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
    }
}
