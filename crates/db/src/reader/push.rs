//! Whose devices are to be told of what they have not read, and what is so of it then.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, IntoSql, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, Queryable,
    dsl::{exists, not},
    sql_types::Bool,
};
use diesel_async::RunQueryDsl;
use rustc_hash::FxHashSet;

use super::{
    ReadError, Reader,
    behind::{behind, of_follower, unread_in_room, unread_in_thread, wants},
    read,
    threads::Counting,
};
use crate::{
    rows::message::{MessageRow, columns, visible},
    said::SaidIn,
    schema::{
        blocks, devices, members, mentions, messages, push_notes, push_state, rooms, streams,
        thread_follows, user_bars,
    },
    write::push::{ONE, PushPlace, ROOM},
};
use parlor_domain::{
    DeviceAddress, DeviceId, Message, MessageId, Notifications, PushService, RoomId, RoomKey,
    RoomOverview, Seq, Timestamp, UserKey, limits::LOOKED_UP_AT_ONCE,
};

/// What a device is to be told by now.
#[derive(Clone, Debug)]
pub struct DuePush {
    pub place: PushPlace,
    /// By whom the device is told.
    pub lane: String,
    /// `None`: there is no such device any more.
    pub address: Option<DeviceAddress>,
    pub room: RoomId,
    /// From where on there may be something to tell, and up to where it is known.
    pub first: Seq,
    pub last: Seq,
    pub attempts: i64,
    /// Up to where the device shows messages.
    pub shown: Option<Seq>,
    /// It shows what was read since, or is not there any more.
    pub is_over: bool,
    /// How much it was last told to be unread.
    pub badge: Option<i64>,
}

/// What a user has not read of a room or a thread and wants to be told of.
#[derive(Clone, Debug)]
pub struct PushNews {
    pub overview: RoomOverview,
    /// The newest of it, which is of nobody whom they have blocked.
    pub newest: Message,
    pub count: i64,
}

/// What a device shows, and what became of it.
#[derive(Queryable)]
struct ShownRow {
    shown_seq: Option<i64>,
    shown_id: Option<i64>,
    /// Up to where a member has read the room.
    unread_after: Option<i64>,
    following: Option<bool>,
    /// Up to where they have read the thread.
    read_seq: Option<i64>,
    floor: Option<i64>,
    /// The newest message that is shown, and whether it was deleted.
    message: Option<i64>,
    deleted_at: Option<i64>,
}

impl ShownRow {
    /// Whether there is nothing left to show: it was read, deleted or cleared, or is not the
    /// user's to read any more.
    fn is_over(&self, thread: i64) -> bool {
        let Some(shown) = self.shown_seq else { return false };
        let read = match thread {
            ROOM => self.unread_after,
            _ => self.read_seq.filter(|_| self.following == Some(true)),
        };
        let is_gone = self.shown_id.is_some() && self.message.is_none();
        let is_read = read.is_none_or(|read| read >= shown);
        is_read || is_gone || self.deleted_at.is_some() || self.floor.is_some_and(|it| it >= shown)
    }
}

/// Place of a note, without the user.
type PlaceRow = (i64, String, i64, i64);

fn place((user, device, room, thread): PlaceRow) -> PushPlace {
    PushPlace {
        user: UserKey(user),
        device: DeviceId::from_stored(device),
        room: RoomKey(room),
        thread: (thread != ROOM).then_some(MessageId(thread)),
    }
}

#[derive(Queryable)]
struct DeviceRow {
    service: Option<String>,
    address: Option<String>,
    p256dh: Option<String>,
    auth: Option<String>,
    badge: Option<i64>,
}

impl DeviceRow {
    fn address(&self) -> Option<DeviceAddress> {
        let address = self.address.as_deref()?;
        Some(match PushService::parse(self.service.as_deref()?)? {
            PushService::Web => DeviceAddress::Web {
                endpoint: address.into(),
                p256dh: self.p256dh.as_deref()?.into(),
                auth: self.auth.as_deref()?.into(),
            },
            PushService::Fcm => DeviceAddress::Fcm { token: address.into() },
            PushService::Apns => DeviceAddress::Apns { token: address.into() },
        })
    }
}

/// Notes, with what became of what they show.
#[diesel::dsl::auto_type]
fn notes() -> _ {
    push_notes::table
        .left_join(
            members::table.on(members::room_key
                .eq(push_notes::room_key)
                .and(members::user_key.eq(push_notes::user_key))),
        )
        .left_join(
            thread_follows::table.on(thread_follows::thread_id
                .eq(push_notes::thread_id)
                .and(thread_follows::user_key.eq(push_notes::user_key))),
        )
        .left_join(rooms::table.on(rooms::key.eq(push_notes::room_key)))
        .left_join(messages::table.on(messages::id.nullable().eq(push_notes::shown_id)))
}

/// The columns of a [`PlaceRow`].
#[diesel::dsl::auto_type]
fn place_columns() -> _ {
    (push_notes::user_key, push_notes::device_id, push_notes::room_key, push_notes::thread_id)
}

/// The columns of a [`ShownRow`].
macro_rules! shown_columns {
    () => {
        (
            push_notes::shown_seq,
            push_notes::shown_id,
            members::unread_after.nullable(),
            thread_follows::following.nullable(),
            thread_follows::read_seq.nullable(),
            rooms::floor_seq.nullable(),
            messages::id.nullable(),
            messages::deleted_at.nullable(),
        )
    };
}

impl Reader {
    /// How far messages have been looked through for devices; `None` if never.
    pub async fn push_looked(&self) -> Result<Option<MessageId>, ReadError> {
        let query = push_state::table.find(ONE).select(push_state::looked);
        let looked = read!(self, |conn| query.first::<Option<i64>>(&mut conn).await.optional())?;
        Ok(looked.flatten().map(MessageId))
    }

    /// The messages that are being written, of those before one.
    pub async fn being_written(
        &self,
        before: MessageId,
    ) -> Result<FxHashSet<MessageId>, ReadError> {
        let query =
            streams::table.filter(streams::message_id.lt(before.0)).select(streams::message_id);
        let ids = read!(self, |conn| query.load::<i64>(&mut conn).await)?;
        Ok(ids.into_iter().map(MessageId).collect())
    }

    /// Those of some rooms in which somebody has a device.
    pub async fn with_devices(&self, rooms: &[RoomKey]) -> Result<FxHashSet<RoomKey>, ReadError> {
        let mut found = FxHashSet::default();
        for some in rooms.chunks(LOOKED_UP_AT_ONCE) {
            let keys: Vec<i64> = some.iter().map(|room| room.0).collect();
            let of_member = devices::table.filter(devices::user_key.eq(members::user_key));
            let query = members::table
                .filter(members::room_key.eq_any(keys))
                .filter(exists(of_member))
                .select(members::room_key)
                .distinct();
            let rooms = read!(self, |conn| query.load::<i64>(&mut conn).await)?;
            found.extend(rooms.into_iter().map(RoomKey));
        }
        Ok(found)
    }

    /// Some of those who have a device, have not read what was said, and want to be told of
    /// it; and the last one looked at, if there may be more.
    pub async fn are_away(
        &self,
        said: SaidIn,
        now: Timestamp,
        after: UserKey,
        limit: i64,
    ) -> Result<(Vec<UserKey>, Option<UserKey>), ReadError> {
        // A device may have been registered while its user was banned.
        let banned = user_bars::banned_until
            .is_null()
            .or(user_bars::banned_until.gt(now.0))
            .assume_not_null()
            .and(user_bars::banned);
        let kept_out = user_bars::table
            .filter(user_bars::user_key.eq(members::user_key))
            .filter(user_bars::deactivated_at.is_not_null().or(banned));
        let has_device = exists(devices::table.filter(devices::user_key.eq(members::user_key)))
            .and(not(exists(kept_out)));
        let which = mentions::seq.ge(said.first.0);
        Ok(behind!(self, said, now, (after, limit), has_device, which))
    }

    /// What devices are to be told by now, what is due for longest first, and only some;
    /// without some users and lanes.
    pub async fn due_pushes(
        &self,
        busy: Vec<UserKey>,
        full: Vec<String>,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<DuePush>, ReadError> {
        let busy: Vec<i64> = busy.into_iter().map(|user| user.0).collect();
        let query = notes()
            .left_join(
                devices::table.on(devices::user_key
                    .eq(push_notes::user_key)
                    .and(devices::id.eq(push_notes::device_id))),
            )
            .filter(push_notes::next_at.le(now.0))
            .filter(push_notes::user_key.ne_all(busy))
            .filter(push_notes::lane.ne_all(full))
            .order((
                push_notes::next_at,
                push_notes::user_key,
                push_notes::room_key,
                push_notes::thread_id,
                push_notes::device_id,
            ))
            .limit(limit)
            .select((
                place_columns(),
                (push_notes::room_id, push_notes::lane),
                (push_notes::first_seq, push_notes::last_seq, push_notes::attempts),
                shown_columns!(),
                (
                    devices::service.nullable(),
                    devices::address.nullable(),
                    devices::p256dh.nullable(),
                    devices::auth.nullable(),
                    devices::badge.nullable(),
                ),
            ));
        type Row = (PlaceRow, (String, String), (i64, i64, i64), ShownRow, DeviceRow);
        let rows = read!(self, |conn| query.load::<Row>(&mut conn).await)?;
        let due = |(at, (room, lane), (first, last, attempts), shown, device): Row| DuePush {
            is_over: shown.is_over(at.3),
            place: place(at),
            lane,
            address: device.address(),
            room: RoomId::from_stored(room),
            first: Seq(first),
            last: Seq(last),
            attempts,
            shown: shown.shown_seq.map(Seq),
            badge: device.badge,
        };
        Ok(rows.into_iter().map(due).collect())
    }

    /// What a user has not read of a room, or of a thread that they follow, and wants to be
    /// told of, if there is any.
    pub async fn push_news(
        &self,
        user: UserKey,
        room: RoomKey,
        thread: Option<MessageId>,
    ) -> Result<Option<PushNews>, ReadError> {
        let Some(overview) = self.rooms_of_keys(user, vec![room.0]).await?.pop() else {
            return Ok(None);
        };
        let Some(state) = overview.state.as_ref() else { return Ok(None) };
        let (unread, mentions) = match thread {
            None => (state.unread, state.mentions),
            Some(thread) => {
                let states = self.thread_states(user, vec![thread.0], Counting::ThereAlone);
                let state = states.await?.pop().filter(|state| state.following);
                state.map_or((0, 0), |state| (state.unread, state.mentions))
            }
        };
        let only_mentions = match state.preferences.notifications {
            Notifications::All => false,
            Notifications::Mentions => true,
            Notifications::Nothing => return Ok(None),
        };
        let count = if only_mentions { mentions } else { unread };
        if count == 0 {
            return Ok(None);
        }
        let newest = self.newest_unread(user, room, thread, only_mentions).await?;
        Ok(newest.map(|newest| PushNews { overview, newest, count }))
    }

    async fn newest_unread(
        &self,
        user: UserKey,
        room: RoomKey,
        thread: Option<MessageId>,
        only_mentions: bool,
    ) -> Result<Option<Message>, ReadError> {
        let user = user.0;
        let meant = mentions::table
            .filter(mentions::room_key.eq(messages::room_key))
            .filter(mentions::user_key.eq_any([user, 0]))
            .filter(mentions::seq.eq(messages::seq));
        let is_meant = (!only_mentions).into_sql::<Bool>().or(exists(meant));
        let blocked = blocks::table
            .filter(blocks::user_key.eq(user))
            .filter(blocks::blocked_key.eq(messages::sender_key));
        macro_rules! newest {
            ($of_user:expr, $unread:expr) => {
                visible()
                    .inner_join($of_user)
                    .filter(messages::room_key.eq(room.0))
                    .filter($unread)
                    .filter(messages::sender_key.ne(user))
                    .filter(messages::deleted_at.is_null())
                    .filter(not(exists(blocked)))
                    .filter(is_meant)
                    .order(messages::seq.desc())
                    .select(columns())
            };
        }
        let of_member = members::room_key.eq(messages::room_key).and(members::user_key.eq(user));
        let of_follower = thread_follows::thread_id
            .nullable()
            .eq(messages::thread_id)
            .and(thread_follows::user_key.eq(user));
        read!(self, |conn| {
            let row = if let Some(thread) = thread {
                let unread = messages::thread_id
                    .eq(thread.0)
                    .and(messages::silent.eq(false))
                    .and(messages::seq.gt(thread_follows::read_seq));
                let query = newest!(thread_follows::table.on(of_follower), unread);
                query.first::<MessageRow>(&mut conn).await.optional()?
            } else {
                let unread =
                    messages::silent.is_null().and(messages::seq.gt(members::unread_after));
                let query = newest!(members::table.on(of_member), unread);
                query.first::<MessageRow>(&mut conn).await.optional()?
            };
            Ok(select::messages_of(&mut conn, row.into_iter().collect()).await?.pop())
        })
    }

    /// Some of what devices show, behind a place: what was read since or is not there any
    /// more; what they have shown since before a time; and the last place, if there may be
    /// more.
    pub async fn shown_by_devices(
        &self,
        after: Option<&PushPlace>,
        before: Timestamp,
        limit: i64,
    ) -> Result<(Vec<PushPlace>, Vec<PushPlace>, Option<PushPlace>), ReadError> {
        let (user, device, room, thread) = after.map_or((0, "", 0, 0), |place| {
            let thread = place.thread.map_or(ROOM, |thread| thread.0);
            (place.user.0, place.device.as_str(), place.room.0, thread)
        });
        let device = device.to_owned();
        let same_room = push_notes::room_key.eq(room).and(push_notes::thread_id.gt(thread));
        let same_device = push_notes::device_id
            .eq(device.clone())
            .and(push_notes::room_key.gt(room).or(same_room));
        let same_user =
            push_notes::user_key.eq(user).and(push_notes::device_id.gt(device).or(same_device));
        let query = notes()
            .filter(push_notes::user_key.ge(user))
            .filter(push_notes::user_key.gt(user).or(same_user))
            .filter(push_notes::shown_seq.is_not_null())
            .filter(push_notes::next_at.is_null())
            .order(place_columns())
            .limit(limit)
            .select((place_columns(), push_notes::shown_at, shown_columns!()));
        type Row = (PlaceRow, Option<i64>, ShownRow);
        let rows = read!(self, |conn| query.load::<Row>(&mut conn).await)?;
        let is_full = i64::try_from(rows.len()).is_ok_and(|found| found == limit);
        let last = rows.last().filter(|_| is_full).map(|(at, ..)| place(at.clone()));
        let (mut read, mut forgotten) = (Vec::new(), Vec::new());
        for (at, shown_at, shown) in rows {
            if shown_at.is_some_and(|at| at < before.0) {
                forgotten.push(place(at));
            } else if shown.is_over(at.3) {
                read.push(place(at));
            }
        }
        Ok((read, forgotten, last))
    }

    /// How many notes wait for each service.
    pub async fn pushes_waiting(&self) -> Result<[(PushService, i64); 3], ReadError> {
        let query = push_notes::table
            .filter(push_notes::next_at.is_not_null())
            .group_by(push_notes::service)
            .select((push_notes::service, diesel::dsl::count_star()));
        let rows = read!(self, |conn| query.load::<(String, i64)>(&mut conn).await)?;
        let waiting = |service: PushService| {
            let of_service = rows.iter().find(|(name, _)| name == service.as_str());
            (service, of_service.map_or(0, |(_, count)| *count))
        };
        Ok(PushService::ALL.map(waiting))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_over_when_it_was_read_or_is_gone() {
        let shown = || ShownRow {
            shown_seq: Some(7),
            shown_id: Some(70),
            unread_after: Some(6),
            following: None,
            read_seq: None,
            floor: Some(0),
            message: Some(70),
            deleted_at: None,
        };
        let over = |row: ShownRow| row.is_over(ROOM);
        assert!(!over(shown()));
        assert!(over(ShownRow { unread_after: Some(7), ..shown() }));
        assert!(over(ShownRow { unread_after: None, ..shown() }), "is no member any more");
        assert!(over(ShownRow { deleted_at: Some(1), ..shown() }));
        assert!(over(ShownRow { message: None, ..shown() }), "it was purged");
        assert!(over(ShownRow { floor: Some(7), ..shown() }), "it was cleared");
        assert!(!over(ShownRow { shown_seq: None, unread_after: None, ..shown() }));
        let thread = || ShownRow { following: Some(true), read_seq: Some(6), ..shown() };
        assert!(!thread().is_over(3));
        assert!(ShownRow { read_seq: Some(7), ..thread() }.is_over(3));
        assert!(ShownRow { following: Some(false), ..thread() }.is_over(3));
        assert!(!ShownRow { unread_after: Some(9), ..thread() }.is_over(3), "the room was read");
    }
}
