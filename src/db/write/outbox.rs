//! What happened and others want to know: recorded in the transaction in
//! which it happens, so that none of it is lost.

use std::collections::BTreeSet;

use diesel::{
    ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl, QueryResult,
    RunQueryDsl,
};

use super::{
    Conn, OutboxResult, OutboxTargets, Write, WriteResult, Written,
    schema::{outbox, rooms, users},
};
use crate::db::Left;
use parlor_domain::{
    Member, MessageId, RoomId, RoomKey, Seq, Timestamp, UserId, UserKey, limits::DEAD_LETTERS,
};

/// Something that happened.
struct Event {
    kind: &'static str,
    room: Option<RoomKey>,
    /// The id of a room that is gone.
    gone: Option<RoomId>,
    message: Option<MessageId>,
    user: Option<UserId>,
    seq: Option<Seq>,
    /// Why somebody left.
    reason: Option<Left>,
}

impl Event {
    fn new(kind: &'static str) -> Self {
        let (room, gone, message, user) = (None, None, None, None);
        Self { kind, room, gone, message, user, seq: None, reason: None }
    }

    fn of_message(kind: &'static str, room: RoomKey, message: MessageId, seq: Seq) -> Self {
        let (room, message, seq) = (Some(room), Some(message), Some(seq));
        Self { room, message, seq, ..Self::new(kind) }
    }

    fn of_member(kind: &'static str, room: RoomKey, user: UserId) -> Self {
        Self { room: Some(room), user: Some(user), ..Self::new(kind) }
    }
}

/// Records what a batch has done. Says whether anything was.
pub(super) fn record(
    conn: &mut Conn,
    targets: &OutboxTargets,
    writes: &[Write],
    results: &[WriteResult],
    now: Timestamp,
) -> QueryResult<bool> {
    let mut any = false;
    for (write, result) in writes.iter().zip(results) {
        let Ok(written) = result else { continue };
        for event in events_of(conn, write, written)? {
            let wanted = |kind: &String| *kind == event.kind;
            if targets.kinds.is_empty() || targets.kinds.iter().any(wanted) {
                insert(conn, targets, &event, now)?;
                any = true;
            }
        }
    }
    Ok(any)
}

fn user_id(conn: &mut Conn, user: UserKey) -> QueryResult<Option<UserId>> {
    let id = users::table.find(user.0).select(users::id).first::<String>(conn).optional()?;
    Ok(id.map(UserId::from_stored))
}

/// Somebody's role is another one.
fn updated(room: RoomKey, member: &Member) -> Event {
    Event::of_member("member.updated", room, member.user.id.clone())
}

fn events_of(conn: &mut Conn, write: &Write, written: &Written) -> QueryResult<Vec<Event>> {
    let member = |conn: &mut Conn, kind, room, user| -> QueryResult<Option<Event>> {
        Ok(user_id(conn, user)?.map(|user| Event::of_member(kind, room, user)))
    };
    let event = match (write, written) {
        (Write::Message(new), Written::Message(stored)) if !stored.duplicate => {
            Some(Event::of_message("message.created", new.room, stored.id, stored.seq))
        }
        (_, Written::RichMessage { stored, message, .. }) => {
            Some(Event::of_message("message.created", message.room_key, stored.id, stored.seq))
        }
        (_, Written::Changed { message, moved: true, .. }) => {
            let kind =
                if message.deleted_at.is_some() { "message.deleted" } else { "message.updated" };
            Some(Event::of_message(kind, message.room_key, message.id, message.changed_seq))
        }
        (_, Written::ErasedMessages { changed, .. }) => {
            let deleted = changed.iter().map(|(message, _)| {
                let (room, seq) = (message.room_key, message.changed_seq);
                // One that only lost a reaction is still there.
                let kind = match message.deleted_at {
                    Some(_) => "message.deleted",
                    None => "message.updated",
                };
                Event::of_message(kind, room, message.id, seq)
            });
            return Ok(deleted.collect());
        }
        (Write::MemberAdd { room, user, .. }, Written::MemberAdded { is_new: true, .. }) => {
            member(conn, "member.joined", *room, *user)?
        }
        (
            Write::MemberRemove { room, user, is_self, .. },
            Written::MemberRemoved { existed: true, heir, .. },
        ) => {
            let reason = if *is_self { Left::Left } else { Left::Removed };
            let left = member(conn, "member.left", *room, *user)?;
            let left = left.map(|left| Event { reason: Some(reason), ..left });
            return Ok(left
                .into_iter()
                .chain(heir.iter().map(|heir| updated(*room, heir)))
                .collect());
        }
        (Write::OwnerTransfer { room, .. }, Written::OwnerTransferred(members)) => {
            return Ok(members.iter().map(|member| updated(*room, member)).collect());
        }
        (Write::Ban { room, user, .. }, Written::Banned { was_member: true, .. }) => {
            let left = member(conn, "member.left", *room, *user)?;
            left.map(|left| Event { reason: Some(Left::Banned), ..left })
        }
        (Write::MemberUpdate { room, user, .. }, Written::MemberUpdated(_)) => {
            member(conn, "member.updated", *room, *user)?
        }
        (Write::RoomCreate(new), Written::Room { room, .. }) => {
            member(conn, "room.created", room.key, new.owner)?
        }
        (Write::DirectOpen(new), Written::Direct { room, is_new: true, .. }) => {
            member(conn, "room.created", room.key, new.users[0])?
        }
        (_, Written::RoomDeleted(id)) => {
            Some(Event { gone: Some(id.clone()), ..Event::new("room.deleted") })
        }
        (Write::Presence { user, online, .. }, _) => {
            let kind = if *online { "user.online" } else { "user.offline" };
            user_id(conn, *user)?.map(|user| Event { user: Some(user), ..Event::new(kind) })
        }
        (_, Written::Erased { was, owners, .. }) => {
            let deleted = Event { user: Some(was.id.clone()), ..Event::new("user.deleted") };
            let owners = owners.iter().map(|(room, owner)| updated(*room, owner));
            return Ok(std::iter::once(deleted).chain(owners).collect());
        }
        _ => None,
    };
    Ok(event.into_iter().collect())
}

fn insert(
    conn: &mut Conn,
    targets: &OutboxTargets,
    event: &Event,
    now: Timestamp,
) -> QueryResult<()> {
    let Event { kind, room, gone, message, user, seq, reason } = event;
    let lane = match (room, gone) {
        (_, Some(gone)) => format!("room {gone}"),
        (Some(room), None) => {
            let id = rooms::table.find(room.0).select(rooms::id.assume_not_null());
            // It may be gone with the same batch: then nobody can be told of it.
            match id.first::<String>(conn).optional()? {
                Some(id) => format!("room {id}"),
                None => return Ok(()),
            }
        }
        (None, None) => format!("user {}", user.as_ref().map_or("", UserId::as_str)),
    };
    for target in &*targets.urls {
        diesel::insert_into(outbox::table)
            .values((
                outbox::target.eq(&**target),
                outbox::lane.eq(&lane),
                outbox::kind.eq(*kind),
                outbox::message_id.eq(message.map(|id| id.0)),
                outbox::user_id.eq(user.as_ref().map(UserId::as_str)),
                outbox::seq.eq(seq.map(|seq| seq.0)),
                outbox::reason.eq(reason.map(Left::as_str)),
                outbox::at.eq(now.0),
                outbox::next_at.eq(now.0),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// What came of deliveries.
pub(super) fn settle(conn: &mut Conn, results: &[(i64, OutboxResult)]) -> QueryResult<WriteResult> {
    let mut have_dead = BTreeSet::new();
    for (id, result) in results {
        let row = || diesel::update(outbox::table.find(*id));
        match result {
            OutboxResult::Done => {
                diesel::delete(outbox::table.find(*id)).execute(conn)?;
            }
            OutboxResult::Again { at, error } => {
                row()
                    .set((
                        outbox::attempts.eq(outbox::attempts + 1),
                        outbox::next_at.eq(at.0),
                        outbox::error.eq(error),
                    ))
                    .execute(conn)?;
            }
            OutboxResult::Dead { error } => {
                let dead = row().set((outbox::dead.eq(true), outbox::error.eq(error)));
                have_dead
                    .extend(dead.returning(outbox::target).get_result::<String>(conn).optional()?);
            }
        }
    }
    // Once: it costs by the number of those that are kept.
    for target in &have_dead {
        forget_oldest_dead(conn, target)?;
    }
    Ok(Ok(Written::Done))
}

/// Of each receiver for itself: one that is down takes no letters of others.
fn forget_oldest_dead(conn: &mut Conn, target: &str) -> QueryResult<()> {
    let dead = outbox::table.filter(outbox::dead).filter(outbox::target.eq(target));
    let last: Option<i64> = dead
        .order(outbox::id.desc())
        .select(outbox::id)
        .offset(DEAD_LETTERS)
        .first(conn)
        .optional()?;
    if let Some(last) = last {
        log::warn!("a receiver has more than {DEAD_LETTERS} dead letters: the oldest are dropped");
        diesel::delete(dead.filter(outbox::id.le(last))).execute(conn)?;
    }
    Ok(())
}

/// Dead letters are tried again; `None`: all of them. They come at the end of
/// their lanes' order, not at their old place: what came after them has been
/// told.
pub(super) fn replay(conn: &mut Conn, id: Option<i64>, now: Timestamp) -> QueryResult<WriteResult> {
    let values = (outbox::dead.eq(false), outbox::attempts.eq(0), outbox::next_at.eq(now.0));
    let count = match id {
        Some(id) => {
            let one = outbox::table.find(id).filter(outbox::dead);
            diesel::update(one).set(values).execute(conn)?
        }
        None => diesel::update(outbox::table.filter(outbox::dead)).set(values).execute(conn)?,
    };
    Ok(Ok(Written::Counted(count)))
}

pub(super) fn drop_dead(conn: &mut Conn, id: i64) -> QueryResult<WriteResult> {
    let one = outbox::table.find(id).filter(outbox::dead);
    Ok(Ok(Written::Counted(diesel::delete(one).execute(conn)?)))
}
