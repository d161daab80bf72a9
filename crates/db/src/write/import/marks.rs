//! How far members have come in rooms: marks that only rise.

use parlor_domain::{
    RoomKey, Seq, Timestamp, UserKey,
    archive::{self, MessageName},
};
use parlor_macros::each_backend;

use super::{
    Imported, LeftOut,
    known::{Known, KnownMessages},
};

/// Where marks are to be at least.
#[derive(Default)]
struct Marks {
    read: Option<(Seq, Timestamp)>,
    delivered: Option<Seq>,
    unread_after: Option<Seq>,
}

/// Marks of a member that have moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    pub room: RoomKey,
    pub user: UserKey,
    /// Where the read mark is then, if the number of unread messages is another one.
    pub read: Option<Seq>,
    pub delivered: Option<Seq>,
}

/// What a line says, or the field in which it is wrong.
fn marks_of(
    read: &archive::Read,
    known: &Known,
    messages: &KnownMessages,
) -> Result<(RoomKey, UserKey, Marks), (&'static str, LeftOut)> {
    let archive::Read { room_id, user_id, message_id, read_at, delivered, unread_after } = read;
    let room = known.rooms.get(room_id).ok_or(("room_id", LeftOut::UnknownRoom))?.key;
    let user = *known.users.get(user_id).ok_or(("user_id", LeftOut::UnknownUser))?;
    let seq = |field, name: &Option<MessageName>| match name {
        None => Ok(None),
        Some(name) => match messages.get(&(room, name.clone())) {
            Some(message) => Ok(Some(message.seq)),
            None => Err((field, LeftOut::UnknownMessage)),
        },
    };
    let marks = Marks {
        read: seq("message_id", message_id)?.zip(*read_at),
        delivered: seq("delivered", delivered)?,
        unread_after: seq("unread_after", unread_after)?,
    };
    Ok((room, user, marks))
}

#[each_backend]
pub(super) mod backend {
    use diesel::{
        ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, upsert::excluded,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{members, receipts},
        write::receipt::backend as receipt,
    };

    pub(in crate::write::import) fn import(
        conn: &mut Conn,
        lines: &[(u64, &archive::Read)],
        (known, messages): (&Known, &KnownMessages),
        done: &mut Imported,
    ) -> QueryResult<()> {
        for (line, read) in lines {
            let (room, user, marks) = match marks_of(read, known, messages) {
                Ok(found) => found,
                Err((field, why)) => {
                    done.leave_out(*line, "read", field, why);
                    continue;
                }
            };
            match raise(conn, (room, user), &marks)? {
                None => done.leave_out(*line, "read", "user_id", LeftOut::NotAMember),
                Some(None) => done.count("read", 0, 1),
                Some(Some(moved)) => {
                    done.touched.marked.push(moved);
                    done.count("read", 1, 0);
                }
            }
        }
        Ok(())
    }

    /// The marks, if any has moved; `None` for who is no member.
    fn raise(
        conn: &mut Conn,
        (room, user): (RoomKey, UserKey),
        marks: &Marks,
    ) -> QueryResult<Option<Option<Moved>>> {
        let key = (room.0, user.0);
        let member = members::table.find(key).select(members::unread_after);
        let Some(unread_after) = member.first::<i64>(conn).optional()? else { return Ok(None) };
        let known = receipts::table
            .find(key)
            .select((receipts::read_seq, receipts::delivered_seq))
            .first::<(i64, i64)>(conn)
            .optional()?;
        let (read_seq, delivered_seq) = known.unwrap_or_default();
        let mut moved = Moved { room, user, read: None, delivered: None };
        if let Some((seq, at)) = marks.read.filter(|(seq, _)| seq.0 > read_seq) {
            receipt::store(conn, room, user, seq, at)?;
            moved.read = Some(seq);
        }
        if let Some(seq) = marks.delivered.filter(|seq| seq.0 > delivered_seq) {
            diesel::insert_into(receipts::table)
                .values((
                    receipts::room_key.eq(room.0),
                    receipts::user_key.eq(user.0),
                    receipts::read_seq.eq(0),
                    receipts::read_at.eq(0),
                    receipts::delivered_seq.eq(seq.0),
                ))
                .on_conflict((receipts::room_key, receipts::user_key))
                .do_update()
                .set(receipts::delivered_seq.eq(excluded(receipts::delivered_seq)))
                .execute(conn)?;
            moved.delivered = Some(seq);
        }
        if let Some(seq) = marks.unread_after.filter(|seq| seq.0 > unread_after) {
            let row = members::table.find(key).filter(members::unread_after.lt(seq.0));
            if diesel::update(row).set(members::unread_after.eq(seq.0)).execute(conn)? > 0 {
                moved.read = moved.read.or(Some(Seq(read_seq)));
            }
        }
        let has_moved = moved.read.is_some() || moved.delivered.is_some();
        Ok(Some(has_moved.then_some(moved)))
    }
}
