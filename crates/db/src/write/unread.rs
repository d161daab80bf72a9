//! Users who are to be told of what they have not read.

use parlor_domain::{MessageId, Timestamp, UserKey};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, WebhookEvent, Write, Written, on};

/// In the place of a user: how far messages have been looked through.
pub(crate) const LOOKED: UserKey = UserKey(0);

/// What a look at what is unread came to.
#[derive(Clone, Debug)]
pub struct TellUnread {
    /// Who has something that has been unread for long enough. Those who were told
    /// lately, and have read nothing since, wait.
    pub unread: Vec<UserKey>,
    /// Who waited, and has nothing to be told any more.
    pub idle: Vec<UserKey>,
    /// What is unread was said up to here.
    pub upto: MessageId,
    /// How far messages have been looked through with this.
    pub looked: Option<MessageId>,
    pub at: Timestamp,
    /// Who was told until then may be told again.
    pub again_before: Timestamp,
}

impl Write for TellUnread {
    /// Who is told.
    type Outcome = Vec<UserKey>;

    /// Two nodes that look at the same time are told apart by the rows themselves.
    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Vec<UserKey>> {
        on!(conn, tell, self)
    }

    fn effects(&self, told: &Vec<UserKey>, effects: &mut Effects) {
        for user in told {
            effects.webhook(|| WebhookEvent::of_user("user.unread", *user));
        }
    }
}

#[each_backend]
mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl,
        QueryResult, RunQueryDsl,
        dsl::{exists, select},
    };

    use super::{LOOKED, MessageId, TellUnread, Timestamp, UserKey, Written};
    use crate::{
        backend::Conn,
        schema::{members, receipts, unread_told},
    };

    pub(super) fn tell(conn: &mut Conn, tell: &TellUnread) -> Written<Vec<UserKey>> {
        let TellUnread { unread, idle, upto, looked, at, again_before } = tell;
        let mut told = Vec::new();
        for user in unread {
            if begin(conn, *user, (*upto, *at), *again_before)? {
                told.push(*user);
            }
        }
        let idle = idle.iter().map(|user| user.0);
        let idle = unread_told::table.filter(unread_told::user_key.eq_any(idle));
        diesel::update(idle).set(unread_told::waits.eq(false)).execute(conn)?;
        if let Some(looked) = looked
            && insert(conn, LOOKED, (*looked, *at))? == 0
        {
            let row = unread_told::table.find(LOOKED.0);
            let row = row.filter(unread_told::upto.lt(looked.0));
            diesel::update(row).set(unread_told::upto.eq(looked.0)).execute(conn)?;
        }
        Ok(told)
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
                unread_told::waits.eq(false),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
    }

    /// Whether the user is told now; otherwise they wait for their time.
    fn begin(
        conn: &mut Conn,
        user: UserKey,
        (upto, at): (MessageId, Timestamp),
        again_before: Timestamp,
    ) -> QueryResult<bool> {
        if insert(conn, user, (upto, at))? == 1 {
            return Ok(true);
        }
        let row = unread_told::table.find(user.0);
        let columns = (unread_told::upto, unread_told::told_at);
        let known = row.select(columns).first::<(i64, i64)>(conn).optional()?;
        let Some((known, told_at)) = known.filter(|(known, _)| *known < upto.0) else {
            return Ok(false);
        };
        if told_at > again_before.0 && !has_read_since(conn, user, told_at)? {
            diesel::update(row).set(unread_told::waits.eq(true)).execute(conn)?;
            return Ok(false);
        }
        let as_known = row.filter(unread_told::upto.eq(known));
        let now = (
            unread_told::upto.eq(upto.0),
            unread_told::told_at.eq(at.0),
            unread_told::waits.eq(false),
        );
        Ok(diesel::update(as_known).set(now).execute(conn)? == 1)
    }

    fn has_read_since(conn: &mut Conn, user: UserKey, then: i64) -> QueryResult<bool> {
        let read = receipts::table
            .inner_join(
                members::table.on(members::room_key
                    .eq(receipts::room_key)
                    .and(members::user_key.eq(receipts::user_key))),
            )
            .filter(members::user_key.eq(user.0))
            .filter(receipts::read_at.gt(then));
        select(exists(read)).get_result(conn)
    }
}
