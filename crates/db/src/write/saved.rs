//! Messages that users have saved: what reminds of them, and what that shares with saving.

use parlor_domain::{
    AppEvent, EventKind, InboxEvent, MessageId, REMINDER, Reminder, RoomId, RoomKey, Saved, Seq,
    Timestamp, UserKey,
};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, WebhookEvent, Write, Written, on};
use crate::Happened;

/// Reminds a user of a message that they have saved, if it is time, once.
#[derive(Clone, Copy, Debug)]
pub struct Remind {
    pub user: UserKey,
    pub message: MessageId,
    pub at: Timestamp,
    /// How many events an inbox holds; the oldest goes.
    pub keep: i64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Reminded {
    Told {
        room: RoomKey,
        event: InboxEvent,
        /// Where the inbox began.
        start: Seq,
    },
    /// The message was deleted, or the user cannot read it any more.
    TakenAway(Saved),
    /// Its room has been deleted: there is nothing to tell.
    Forgotten,
    /// The user has been reminded, or wants to be at another time.
    NotDue,
}

impl Write for Remind {
    type Outcome = Reminded;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Reminded> {
        on!(conn, remind, self)
    }

    fn effects(&self, reminded: &Reminded, effects: &mut Effects) {
        let user = self.user;
        match reminded {
            Reminded::Told { room, event, start: _ } => {
                effects.position(RoomKey::inbox_of(user), event.inbox_seq);
                effects.webhook(|| WebhookEvent {
                    message: Some(self.message),
                    ..WebhookEvent::of_member(REMINDER, *room, user)
                });
            }
            Reminded::TakenAway(saved) => effects.happened(|| Happened::saved(user, saved)),
            Reminded::Forgotten | Reminded::NotDue => {}
        }
    }
}

#[each_backend]
pub mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
        OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, dsl::max, upsert::excluded,
    };

    use super::{
        AppEvent, EventKind, InboxEvent, MessageId, REMINDER, Remind, Reminded, Reminder, RoomId,
        RoomKey, Saved, Timestamp, UserKey, Written,
    };
    use crate::{
        backend::Conn,
        rows::message::visible,
        schema::{members, messages, rooms, saved},
        write::inbox::backend as inbox,
    };

    /// The row that says when a user last took one away.
    pub const GONE: i64 = 0;

    /// The room of a message that is there and that a user can read.
    pub fn readable(
        conn: &mut Conn,
        user: UserKey,
        message: MessageId,
    ) -> QueryResult<Option<(RoomKey, RoomId)>> {
        let of_member = members::room_key.eq(messages::room_key).and(members::user_key.eq(user.0));
        let row = visible()
            .inner_join(members::table.on(of_member))
            .filter(messages::id.eq(message.0).and(messages::deleted_at.is_null()))
            .select((rooms::key, rooms::id.assume_not_null()))
            .first::<(i64, String)>(conn)
            .optional()?;
        Ok(row.map(|(key, id)| (RoomKey(key), RoomId::from_stored(id))))
    }

    /// The saved messages of a user that they can read, also those that were deleted since.
    pub fn all_readable(conn: &mut Conn, user: UserKey) -> QueryResult<Vec<i64>> {
        let of_member = members::room_key.eq(messages::room_key).and(members::user_key.eq(user.0));
        visible()
            .inner_join(members::table.on(of_member))
            .inner_join(saved::table.on(saved::message_id.eq(messages::id)))
            .filter(saved::user_key.eq(user.0))
            .select(messages::id)
            .load(conn)
    }

    /// When a change is made: later than all before of the user.
    pub fn next_time(conn: &mut Conn, user: UserKey, at: Timestamp) -> QueryResult<Timestamp> {
        let of_user = saved::table.filter(saved::user_key.eq(user.0));
        let newest: Option<i64> = of_user.select(max(saved::updated_at)).first(conn)?;
        Ok(Timestamp(at.0.max(newest.map_or(0, |newest| newest + 1))))
    }

    /// Takes away what a user has saved, wherever it is; `None` if there was nothing, or
    /// its room is gone.
    pub fn take_away(
        conn: &mut Conn,
        user: UserKey,
        message: MessageId,
        at: Timestamp,
    ) -> QueryResult<Option<Saved>> {
        let at = next_time(conn, user, at)?;
        if diesel::delete(saved::table.find((user.0, message.0))).execute(conn)? == 0 {
            return Ok(None);
        }
        // What comes next is later than this, of which no other row is left.
        diesel::insert_into(saved::table)
            .values((
                saved::user_key.eq(user.0),
                saved::message_id.eq(GONE),
                saved::saved_at.eq(0),
                saved::updated_at.eq(at.0),
            ))
            .on_conflict((saved::user_key, saved::message_id))
            .do_update()
            .set(saved::updated_at.eq(excluded(saved::updated_at)))
            .execute(conn)?;
        let room = messages::table
            .inner_join(rooms::table)
            .filter(messages::id.eq(message.0).and(rooms::id.is_not_null()))
            .select(rooms::id.assume_not_null())
            .first::<String>(conn)
            .optional()?;
        Ok(room.map(|room| Saved::gone(RoomId::from_stored(room), message, at)))
    }

    pub(super) fn remind(conn: &mut Conn, remind: &Remind) -> Written<Reminded> {
        let Remind { user, message, at, keep } = *remind;
        let row = saved::table
            .find((user.0, message.0))
            .filter(saved::remind_at.is_not_null().and(saved::remind_at.le(at.0)))
            .filter(saved::reminded_at.is_null());
        let due = row.select((saved::note, saved::remind_at.assume_not_null()));
        let Some((note, remind_at)) = due.first::<(Option<String>, i64)>(conn).optional()? else {
            return Ok(Reminded::NotDue);
        };
        let Some((room, room_id)) = readable(conn, user, message)? else {
            let gone = take_away(conn, user, message, at)?;
            return Ok(gone.map_or(Reminded::Forgotten, Reminded::TakenAway));
        };
        let updated_at = next_time(conn, user, at)?;
        diesel::update(saved::table.find((user.0, message.0)))
            .set((saved::reminded_at.eq(Some(at.0)), saved::updated_at.eq(updated_at.0)))
            .execute(conn)?;
        let (note, remind_at) = (note.map(Into::into), Timestamp(remind_at));
        let reminder = Reminder { room_id, message_id: message, note, remind_at };
        let data = serde_json::to_string(&reminder).expect("texts are JSON").into();
        let event = AppEvent { kind: EventKind::from_stored(REMINDER), data, at };
        let (inbox_seq, start) = inbox::append(conn, user, &event, keep)?;
        Ok(Reminded::Told { room, event: InboxEvent { inbox_seq, event }, start })
    }
}
