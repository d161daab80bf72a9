//! What devices are told of what their users have not read.
//!
//! A row is what one device is to be told of a room or a thread, and what it shows of it: a
//! newer message in the same place changes the row that waits.

use parlor_domain::{
    DeviceId, MessageId, QuietTime, RoomKey, Seq, Timestamp, UserKey,
    limits::{LOOKED_UP_AT_ONCE, PUSH_NOTES_PER_DEVICE},
};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, Write, Written, on};
use crate::said::SaidIn;

/// The row of what there is once.
pub(crate) const ONE: i64 = 1;

/// In the place of a thread: the room itself.
pub(crate) const ROOM: i64 = 0;

/// Keeps the key by which browsers know the server, unless there is one: of several nodes that
/// start at once the first one makes it.
#[derive(Clone)]
pub struct KeepPushKey {
    /// PKCS #8.
    pub key: Vec<u8>,
}

/// Without the key.
impl std::fmt::Debug for KeepPushKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeepPushKey")
    }
}

impl Write for KeepPushKey {
    /// The one that is kept.
    type Outcome = Vec<u8>;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::name("push", "key")]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Vec<u8>> {
        on!(conn, keep_key, &self.key)
    }

    fn effects(&self, _: &Vec<u8>, _: &mut Effects) {}
}

/// Notes what the devices of users are to be told.
#[derive(Clone, Debug)]
pub struct NotePush {
    /// Where something was said, and some of those who have not read it.
    pub behind: Option<(SaidIn, Vec<UserKey>)>,
    /// How far messages have been looked through with this.
    pub looked: Option<MessageId>,
    pub at: Timestamp,
}

impl Write for NotePush {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, note, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

/// Whose device is told of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushPlace {
    pub user: UserKey,
    pub device: DeviceId,
    pub room: RoomKey,
    pub thread: Option<MessageId>,
}

impl PushPlace {
    fn thread_id(&self) -> i64 {
        self.thread.map_or(ROOM, |thread| thread.0)
    }
}

/// What came of telling a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushResult {
    /// It shows messages up to this one.
    Shown { seq: Seq, message: MessageId, badge: i64, at: Timestamp },
    /// It shows nothing of this any more.
    TakenAway { badge: i64, at: Timestamp },
    /// There was nothing to tell.
    Nothing,
    /// Not before this time, because it is quiet; unless that was changed meanwhile.
    Later { at: Timestamp, quiet: QuietTime },
    /// It has failed; nothing else is told to the device before this time either.
    Again { at: Timestamp },
    /// It is not tried any more, and what the device shows is followed no more.
    GivenUp,
    /// The service does not know the device under this address any more.
    Gone { address: String },
}

/// Notes what came of telling a device.
#[derive(Clone, Debug)]
pub struct SettlePush {
    pub place: PushPlace,
    /// Up to where the note knew of messages: what came later is still to be told.
    pub known: Seq,
    pub result: PushResult,
}

impl Write for SettlePush {
    type Outcome = ();

    /// The user may be changing the quiet time, or registering the device anew.
    fn concerns(&self) -> Vec<Concern> {
        match self.result {
            PushResult::Later { .. } | PushResult::Gone { .. } => {
                vec![Concern::User(self.place.user)]
            }
            _ => Vec::new(),
        }
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, settle, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

/// Notes what devices show though it was read: they are to be told. What is not followed any
/// more is forgotten.
#[derive(Clone, Debug)]
pub struct NoteRead {
    pub read: Vec<PushPlace>,
    pub forgotten: Vec<PushPlace>,
    pub at: Timestamp,
}

impl Write for NoteRead {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, note_read, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

#[each_backend]
mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, IntoSql, NullableExpressionMethods,
        OptionalExtension, QueryDsl, QueryResult, RunQueryDsl,
        dsl::{case_when, count_star},
        sql_types::{BigInt, Nullable},
        upsert::excluded,
    };

    use super::{
        LOOKED_UP_AT_ONCE, NotePush, NoteRead, ONE, PUSH_NOTES_PER_DEVICE, PushPlace, PushResult,
        QuietTime, ROOM, SaidIn, SettlePush, Timestamp, UserKey, Written,
    };
    use crate::{
        backend::Conn,
        schema::{devices, push_notes, push_state, quiet_times, rooms},
        write::device::backend as device,
    };

    /// User, id, service and lane of a device.
    type DeviceRow = (i64, String, String, String);

    pub(super) fn keep_key(conn: &mut Conn, key: &[u8]) -> Written<Vec<u8>> {
        let kept = push_state::table.find(ONE).select(push_state::key);
        if let Some(Some(kept)) = kept.first::<Option<Vec<u8>>>(conn).optional()? {
            return Ok(kept);
        }
        diesel::insert_into(push_state::table)
            .values((push_state::one.eq(ONE), push_state::key.eq(key)))
            .on_conflict(push_state::one)
            .do_update()
            .set(push_state::key.eq(key))
            .execute(conn)?;
        Ok(key.to_vec())
    }

    pub(super) fn note(conn: &mut Conn, note: &NotePush) -> Written<()> {
        let NotePush { behind, looked, at } = note;
        if let Some((said, users)) = behind {
            for some in users.chunks(LOOKED_UP_AT_ONCE) {
                note_some(conn, *said, some, *at)?;
            }
        }
        if let Some(looked) = looked {
            diesel::insert_into(push_state::table)
                .values((push_state::one.eq(ONE), push_state::looked.eq(Some(looked.0))))
                .on_conflict(push_state::one)
                .do_update()
                .set(push_state::looked.eq(Some(looked.0)))
                .execute(conn)?;
        }
        Ok(())
    }

    /// What a device shows already, because a look is made again after a crash, it is not told
    /// once more.
    fn note_some(
        conn: &mut Conn,
        said: SaidIn,
        users: &[UserKey],
        at: Timestamp,
    ) -> QueryResult<()> {
        let SaidIn { room, thread, first, last, .. } = said;
        let thread = thread.map_or(ROOM, |thread| thread.0);
        let id = rooms::table.find(room.0).select(rooms::id);
        let Some(Some(room_id)) = id.first::<Option<String>>(conn).optional()? else {
            return Ok(());
        };
        let keys: Vec<i64> = users.iter().map(|user| user.0).collect();
        let told: Vec<DeviceRow> = devices::table
            .filter(devices::user_key.eq_any(&keys))
            .select((devices::user_key, devices::id, devices::service, devices::lane))
            .load(conn)?;
        for (user, device, service, lane) in told {
            let noted = diesel::insert_into(push_notes::table)
                .values((
                    push_notes::user_key.eq(user),
                    push_notes::device_id.eq(device),
                    push_notes::room_key.eq(room.0),
                    push_notes::thread_id.eq(thread),
                    push_notes::service.eq(service),
                    push_notes::lane.eq(lane),
                    push_notes::room_id.eq(&room_id),
                    push_notes::first_seq.eq(first.0),
                    push_notes::last_seq.eq(last.0),
                    push_notes::next_at.eq(Some(at.0)),
                    push_notes::attempts.eq(0),
                ))
                .on_conflict((
                    push_notes::user_key,
                    push_notes::device_id,
                    push_notes::room_key,
                    push_notes::thread_id,
                ))
                .do_update()
                .set((
                    push_notes::first_seq.eq(case_when(
                        push_notes::next_at.is_null(),
                        excluded(push_notes::first_seq),
                    )
                    .otherwise(push_notes::first_seq)),
                    push_notes::attempts.eq(case_when(
                        push_notes::next_at.is_null(),
                        excluded(push_notes::attempts),
                    )
                    .otherwise(push_notes::attempts)),
                    push_notes::next_at.eq(case_when(
                        push_notes::next_at.is_null(),
                        excluded(push_notes::next_at),
                    )
                    .otherwise(push_notes::next_at)),
                    push_notes::last_seq.eq(case_when(
                        push_notes::last_seq.lt(excluded(push_notes::last_seq)),
                        excluded(push_notes::last_seq),
                    )
                    .otherwise(push_notes::last_seq)),
                ));
            let is_new = push_notes::shown_seq
                .is_null()
                .or(push_notes::shown_seq.lt(excluded(push_notes::last_seq).nullable()))
                .assume_not_null();
            diesel::query_dsl::methods::FilterDsl::filter(noted, is_new).execute(conn)?;
        }
        keep_newest(conn, &keys)
    }

    /// A device follows so many rooms and threads.
    fn keep_newest(conn: &mut Conn, users: &[i64]) -> QueryResult<()> {
        let full: Vec<(i64, String, i64)> = push_notes::table
            .filter(push_notes::user_key.eq_any(users))
            .group_by((push_notes::user_key, push_notes::device_id))
            .having(count_star().gt(PUSH_NOTES_PER_DEVICE))
            .select((push_notes::user_key, push_notes::device_id, count_star()))
            .load(conn)?;
        for (user, device, count) in full {
            let of_device = push_notes::table
                .filter(push_notes::user_key.eq(user).and(push_notes::device_id.eq(&device)));
            // Of what waits, what waits for longest: that which was just said is told.
            let oldest: Vec<(i64, i64)> = of_device
                .order((
                    push_notes::next_at.is_not_null(),
                    push_notes::next_at.desc(),
                    push_notes::shown_at,
                    push_notes::room_key,
                    push_notes::thread_id,
                ))
                .limit(count - PUSH_NOTES_PER_DEVICE)
                .select((push_notes::room_key, push_notes::thread_id))
                .load(conn)?;
            for (room, thread) in oldest {
                diesel::delete(push_notes::table.find((user, &device, room, thread)))
                    .execute(conn)?;
            }
        }
        Ok(())
    }

    /// The row of a place.
    macro_rules! row_of {
        ($place:expr) => {
            push_notes::table.find((
                $place.user.0,
                $place.device.as_str(),
                $place.room.0,
                $place.thread_id(),
            ))
        };
    }

    /// A device is changed before its notes, as where it is forgotten.
    pub(super) fn settle(conn: &mut Conn, settle: &SettlePush) -> Written<()> {
        let SettlePush { place, known, result } = settle;
        let row = row_of!(place);
        match result {
            PushResult::Shown { seq, message, badge, at } => {
                was_told(conn, place, *badge, *at)?;
                let is_all = push_notes::last_seq.le(known.0);
                diesel::update(row)
                    .set((
                        push_notes::shown_seq.eq(Some(seq.0)),
                        push_notes::shown_id.eq(Some(message.0)),
                        push_notes::shown_at.eq(Some(at.0)),
                        push_notes::attempts.eq(0),
                        push_notes::first_seq.eq(seq.0 + 1),
                        push_notes::next_at.eq(case_when(
                            is_all,
                            None::<i64>.into_sql::<Nullable<BigInt>>(),
                        )
                        .otherwise(push_notes::next_at)),
                    ))
                    .execute(conn)?;
            }
            PushResult::TakenAway { badge, at } => {
                was_told(conn, place, *badge, *at)?;
                shows_nothing(conn, place, known.0)?;
            }
            PushResult::GivenUp => shows_nothing(conn, place, known.0)?,
            PushResult::Nothing => is_settled(conn, place, known.0)?,
            PushResult::Later { at, quiet } => {
                let QuietTime { from, until, utc_offset_minutes } = quiet;
                let same = quiet_times::table
                    .find(place.user.0)
                    .filter(quiet_times::from_minute.eq(from.minutes()))
                    .filter(quiet_times::until_minute.eq(until.minutes()))
                    .filter(quiet_times::utc_offset_minutes.eq(utc_offset_minutes))
                    .select(quiet_times::user_key);
                if same.first::<i64>(conn).optional()?.is_some() {
                    diesel::update(row)
                        .set((push_notes::next_at.eq(Some(at.0)), push_notes::attempts.eq(0)))
                        .execute(conn)?;
                }
            }
            PushResult::Again { at } => {
                let waiting = push_notes::table
                    .filter(push_notes::user_key.eq(place.user.0))
                    .filter(push_notes::device_id.eq(place.device.as_str()))
                    .filter(push_notes::next_at.lt(at.0));
                diesel::update(waiting).set(push_notes::next_at.eq(Some(at.0))).execute(conn)?;
                let attempts = push_notes::attempts.eq(push_notes::attempts + 1);
                diesel::update(row).set(attempts).execute(conn)?;
            }
            PushResult::Gone { address } => {
                let there = devices::table
                    .find((place.user.0, place.device.as_str()))
                    .filter(devices::address.eq(address));
                if there.select(devices::id).first::<String>(conn).optional()?.is_some() {
                    device::forget(conn, place.user, place.device.as_str())?;
                }
            }
        }
        Ok(())
    }

    fn was_told(conn: &mut Conn, place: &PushPlace, badge: i64, at: Timestamp) -> QueryResult<()> {
        diesel::update(devices::table.find((place.user.0, place.device.as_str())))
            .set((devices::told_at.eq(Some(at.0)), devices::badge.eq(Some(badge))))
            .execute(conn)
            .map(drop)
    }

    fn shows_nothing(conn: &mut Conn, place: &PushPlace, known: i64) -> QueryResult<()> {
        let none = None::<i64>;
        diesel::update(row_of!(place))
            .set((push_notes::shown_seq.eq(none), push_notes::shown_at.eq(none)))
            .execute(conn)?;
        is_settled(conn, place, known)
    }

    /// Nothing of what was known waits any more; what a device does not show either is
    /// forgotten.
    fn is_settled(conn: &mut Conn, place: &PushPlace, known: i64) -> QueryResult<()> {
        let row = row_of!(place);
        let all = row.filter(push_notes::last_seq.le(known));
        diesel::delete(all.filter(push_notes::shown_seq.is_null())).execute(conn)?;
        diesel::update(all)
            .set((push_notes::next_at.eq(None::<i64>), push_notes::attempts.eq(0)))
            .execute(conn)?;
        diesel::update(row.filter(push_notes::last_seq.gt(known)))
            .set((push_notes::first_seq.eq(known + 1), push_notes::attempts.eq(0)))
            .execute(conn)
            .map(drop)
    }

    pub(super) fn note_read(conn: &mut Conn, note: &NoteRead) -> Written<()> {
        let NoteRead { read, forgotten, at } = note;
        for place in read {
            diesel::update(row_of!(place).filter(push_notes::next_at.is_null()))
                .set(push_notes::next_at.eq(Some(at.0)))
                .execute(conn)?;
        }
        for place in forgotten {
            diesel::delete(row_of!(place).filter(push_notes::next_at.is_null())).execute(conn)?;
        }
        Ok(())
    }
}
