//! Events that the application publishes, and each user's inbox of them.

use parlor_domain::{
    AppEvent, InboxEvent, PublicationKey, RoomKey, Seq, Timestamp, UserKey, limits::PURGE_ROWS,
};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, Write, WriteError, Written, on};
use crate::{Happened, Signal};

/// What is published under one key at the same time is published once.
fn named(key: Option<&PublicationKey>) -> Option<Concern> {
    key.map(|key| Concern::name("publication", key.as_str()))
}

/// An event of the application's into a room: takes a `seq`.
#[derive(Clone, Debug)]
pub struct PublishToRoom {
    pub room: RoomKey,
    /// Keys are of one kind of place each, so that one is not mistaken for
    /// another's: the caller has put the place into the key.
    pub key: Option<PublicationKey>,
    pub event: AppEvent,
}

/// Where an event went.
#[derive(Clone, Copy, Debug)]
pub struct PublishedToRoom {
    pub seq: Seq,
    pub duplicate: bool,
}

impl Write for PublishToRoom {
    type Outcome = PublishedToRoom;

    fn concerns(&self) -> Vec<Concern> {
        [Concern::Room(self.room)].into_iter().chain(named(self.key.as_ref())).collect()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<PublishedToRoom> {
        on!(conn, to_room, self)
    }

    fn effects(&self, published: &PublishedToRoom, effects: &mut Effects) {
        if !published.duplicate {
            effects.position(self.room, published.seq);
        }
    }
}

/// An event of the application's for one user; kept for when they come.
#[derive(Clone, Debug)]
pub struct PublishToUser {
    pub user: UserKey,
    pub key: Option<PublicationKey>,
    pub event: AppEvent,
    /// How many events an inbox holds; the oldest goes.
    pub keep: i64,
}

/// An event in an inbox.
#[derive(Clone, Debug)]
pub struct PublishedToUser {
    pub event: InboxEvent,
    /// Where the inbox began; nothing is told of one that was published before.
    pub start: Seq,
    pub duplicate: bool,
}

impl Write for PublishToUser {
    type Outcome = PublishedToUser;

    fn concerns(&self) -> Vec<Concern> {
        [Concern::User(self.user)].into_iter().chain(named(self.key.as_ref())).collect()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<PublishedToUser> {
        on!(conn, to_user, self)
    }

    fn effects(&self, published: &PublishedToUser, effects: &mut Effects) {
        if !published.duplicate {
            effects.position(RoomKey::inbox_of(self.user), published.event.inbox_seq);
        }
    }
}

/// Something that is told and not kept: only its key is.
#[derive(Clone, Debug)]
pub struct PublishOnce {
    pub key: PublicationKey,
    pub at: Timestamp,
    /// For the other nodes, where there are any.
    pub signal: Option<Signal>,
}

impl Write for PublishOnce {
    /// `false` if it was published under this key before.
    type Outcome = bool;

    fn concerns(&self) -> Vec<Concern> {
        named(Some(&self.key)).into_iter().collect()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<bool> {
        on!(conn, once, self)
    }

    fn effects(&self, is_new: &bool, effects: &mut Effects) {
        if let (true, Some(signal)) = (is_new, &self.signal) {
            effects.happened(|| Happened::Told(signal.clone()));
        }
    }
}

/// Tells the other nodes something; there is nothing to store.
#[derive(Clone, Debug)]
pub struct SendSignal {
    pub signal: Signal,
}

impl Write for SendSignal {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, _: &mut Conn<'_>) -> Written<()> {
        Ok(())
    }

    fn effects(&self, (): &(), effects: &mut Effects) {
        effects.happened(|| Happened::Told(self.signal.clone()));
    }
}

/// The user's clients have what came up to here.
#[derive(Clone, Copy, Debug)]
pub struct AckInbox {
    pub user: UserKey,
    pub upto: Seq,
}

impl Write for AckInbox {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, ack, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

/// Deletes a bounded number of events and keys that are too old.
#[derive(Clone, Copy, Debug)]
pub struct Expire {
    pub inbox_before: Timestamp,
    pub keys_before: Timestamp,
    /// Deleted users of before are not known by their ids any more.
    pub ids_before: Timestamp,
}

impl Write for Expire {
    /// Whether there are more.
    type Outcome = bool;

    fn concerns(&self) -> Vec<Concern> {
        Vec::new()
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<bool> {
        on!(conn, expire, self)
    }

    fn effects(&self, _: &bool, _: &mut Effects) {}
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

    use super::*;
    use crate::{
        backend::Conn,
        schema::{inbox, inbox_heads, publications, room_events},
        write::{life::backend as life, timeline::backend as timeline, user::backend as user},
    };

    /// The place under which a key was published before.
    fn published(conn: &mut Conn, key: Option<&PublicationKey>) -> QueryResult<Option<i64>> {
        let Some(key) = key else { return Ok(None) };
        let known = publications::table.find(key.as_str()).select(publications::position);
        known.first(conn).optional()
    }

    fn remember(
        conn: &mut Conn,
        key: Option<&PublicationKey>,
        position: Seq,
        at: Timestamp,
    ) -> QueryResult<()> {
        let Some(key) = key else { return Ok(()) };
        diesel::insert_into(publications::table)
            .values((
                publications::key.eq(key.as_str()),
                publications::position.eq(position.0),
                publications::created_at.eq(at.0),
            ))
            .execute(conn)
            .map(drop)
    }

    pub(super) fn to_room(conn: &mut Conn, publish: &PublishToRoom) -> Written<PublishedToRoom> {
        let PublishToRoom { room, key, event } = publish;
        if let Some(seq) = published(conn, key.as_ref())? {
            return Ok(PublishedToRoom { seq: Seq(seq), duplicate: true });
        }
        let seq = timeline::advance_head(conn, *room, 1)?.ok_or(WriteError::NoSuchRoom)?;
        diesel::insert_into(room_events::table)
            .values((
                room_events::room_key.eq(room.0),
                room_events::seq.eq(seq.0),
                room_events::kind.eq(event.kind.as_str()),
                room_events::data.eq(&*event.data),
                room_events::created_at.eq(event.at.0),
            ))
            .execute(conn)?;
        remember(conn, key.as_ref(), seq, event.at)?;
        Ok(PublishedToRoom { seq, duplicate: false })
    }

    pub(super) fn to_user(conn: &mut Conn, publish: &PublishToUser) -> Written<PublishedToUser> {
        let PublishToUser { user, key, event, keep } = publish;
        let (user, key) = (*user, key.as_ref());
        let told = |inbox_seq| InboxEvent { inbox_seq: Seq(inbox_seq), event: event.clone() };
        if let Some(seq) = published(conn, key)? {
            return Ok(PublishedToUser { event: told(seq), start: Seq::ZERO, duplicate: true });
        }
        if user::find(conn, user)?.is_none() {
            return Err(WriteError::NoSuchUser.into());
        }
        let (seq, start) = advance_inbox(conn, user)?;
        diesel::insert_into(inbox::table)
            .values((
                inbox::user_key.eq(user.0),
                inbox::inbox_seq.eq(seq),
                inbox::kind.eq(event.kind.as_str()),
                inbox::data.eq(&*event.data),
                inbox::created_at.eq(event.at.0),
            ))
            .execute(conn)?;
        let full =
            inbox::table.filter(inbox::user_key.eq(user.0)).filter(inbox::inbox_seq.le(seq - keep));
        diesel::delete(full).execute(conn)?;
        remember(conn, key, Seq(seq), event.at)?;
        Ok(PublishedToUser { event: told(seq), start: Seq(start), duplicate: false })
    }

    /// Takes the next position of an inbox; gives where the inbox began, too.
    fn advance_inbox(conn: &mut Conn, user: UserKey) -> QueryResult<(i64, i64)> {
        let moved = diesel::update(inbox_heads::table.find(user.0))
            .set(inbox_heads::last_seq.eq(inbox_heads::last_seq + 1))
            .returning((inbox_heads::last_seq, inbox_heads::start_seq))
            .get_result(conn)
            .optional()?;
        if let Some(moved) = moved {
            return Ok(moved);
        }
        let Seq(start) = life::start_of_inbox(conn)?;
        diesel::insert_into(inbox_heads::table)
            .values((
                inbox_heads::user_key.eq(user.0),
                inbox_heads::last_seq.eq(start + 1),
                inbox_heads::acked_seq.eq(start),
                inbox_heads::start_seq.eq(start),
            ))
            .execute(conn)?;
        Ok((start + 1, start))
    }

    /// What is told and not kept leaves its key only.
    pub(super) fn once(
        conn: &mut Conn,
        PublishOnce { key, at, .. }: &PublishOnce,
    ) -> Written<bool> {
        let is_new = published(conn, Some(key))?.is_none();
        if is_new {
            remember(conn, Some(key), Seq::ZERO, *at)?;
        }
        Ok(is_new)
    }

    /// Never back, never past the head.
    pub(super) fn ack(conn: &mut Conn, AckInbox { user, upto }: &AckInbox) -> Written<()> {
        let behind = inbox_heads::table
            .filter(inbox_heads::user_key.eq(user.0))
            .filter(inbox_heads::acked_seq.lt(upto.0))
            .filter(inbox_heads::last_seq.ge(upto.0));
        diesel::update(behind).set(inbox_heads::acked_seq.eq(upto.0)).execute(conn)?;
        Ok(())
    }

    /// Deletes some of what is too old.
    pub(super) fn expire(conn: &mut Conn, expire: &Expire) -> Written<bool> {
        let Expire { inbox_before, keys_before, ids_before } = expire;
        user::forget_ids(conn, *ids_before)?;
        let old = inbox::table
            .filter(inbox::created_at.lt(inbox_before.0))
            .order(inbox::created_at)
            .limit(PURGE_ROWS)
            .select((inbox::user_key, inbox::inbox_seq))
            .load::<(i64, i64)>(conn)?;
        for (user, seq) in &old {
            diesel::delete(inbox::table.find((user, seq))).execute(conn)?;
        }
        let keys = publications::table
            .filter(publications::created_at.lt(keys_before.0))
            .order(publications::created_at)
            .limit(PURGE_ROWS)
            .select(publications::key)
            .load::<String>(conn)?;
        diesel::delete(publications::table.filter(publications::key.eq_any(&keys)))
            .execute(conn)?;
        let full = |rows: usize| i64::try_from(rows).is_ok_and(|rows| rows >= PURGE_ROWS);
        Ok(full(old.len()) || full(keys.len()))
    }
}
