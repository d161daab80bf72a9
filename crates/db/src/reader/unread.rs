//! How much is unread, counted from rows.
//!
//! What was counted is kept, and brought forward by what has changed since:
//! so it costs by the number of unread messages once, and not each time
//! somebody asks.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, Queryable,
    dsl::{count_star, exists},
    select,
};
use diesel_async::RunQueryDsl;
use rustc_hash::FxHashMap;

use super::{
    ReadError, Reader,
    counts::{Counted, Span},
    read,
};
use crate::schema::{members, mentions, messages, receipts, room_heads, rooms};
use parlor_domain::{
    RoomKey, RoomOverview, Seq, UserKey,
    limits::{UNREAD_AT_ONCE, UNREAD_COSTLY, UNREAD_FEW, UNREAD_WORTH},
};

/// Up to where a member has read a room, and from where on it has messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub unread_after: i64,
    pub unread_from: Option<i64>,
    pub floor: i64,
}

impl Mark {
    fn after(self) -> Seq {
        Seq(self.unread_after.max(self.floor))
    }

    /// From where on the member has it marked as unread; not what was cleared since, or
    /// what a node of the version before has read.
    pub(super) fn marked_from(self) -> Option<Seq> {
        self.unread_from.map(Seq).filter(|from| *from > self.after())
    }
}

#[derive(Queryable)]
struct CountRow {
    room: i64,
    head: i64,
    unread_after: i64,
    unread_from: Option<i64>,
    floor: i64,
    read_seq: Option<i64>,
    created: Option<i64>,
    uncounted: Option<i64>,
    own_mentions: Option<i64>,
    room_mentions: Option<i64>,
}

/// Tombstones, what was posted silently, and what counts in its thread alone: as the index
/// says it that holds them.
#[diesel::dsl::auto_type]
fn is_uncounted() -> _ {
    messages::deleted_at.is_not_null().or(messages::silent.is_not_null())
}

/// A count, with the mark that it starts from.
#[derive(Clone, Copy)]
struct Fresh {
    counted: Counted,
    /// What was read, and from where on it is marked as unread. `None`: as it was read
    /// before.
    marks: Option<(Seq, Option<Seq>)>,
}

impl From<CountRow> for Fresh {
    fn from(row: CountRow) -> Self {
        let CountRow {
            room,
            head,
            unread_after,
            unread_from,
            floor,
            read_seq,
            created,
            uncounted,
            own_mentions,
            room_mentions,
        } = row;
        let number = |number: Option<i64>| number.unwrap_or(0);
        let mark = Mark { unread_after, unread_from, floor };
        let counted = Counted {
            span: Span { room: RoomKey(room), after: mark.after(), head: Seq(head) },
            created: number(created),
            uncounted: number(uncounted),
            mentions: number(own_mentions) + number(room_mentions),
        };
        Self { counted, marks: Some((Seq(number(read_seq)), mark.marked_from())) }
    }
}

/// What is to be looked at for one room.
#[derive(Clone, Copy)]
struct Wanted {
    span: Span,
    floor: Seq,
}

impl Wanted {
    fn new(room: RoomKey, mark: Mark, head: Seq) -> Self {
        Self { span: Span { room, after: mark.after(), head }, floor: Seq(mark.floor) }
    }
}

impl Reader {
    /// Fills in what is unread in a user's rooms, each with its mark.
    pub(super) async fn count_unread(
        &self,
        user: UserKey,
        overviews: &mut [RoomOverview],
        marks: &[Mark],
    ) -> Result<(), ReadError> {
        let wanted = overviews
            .iter()
            .zip(marks)
            .map(|(overview, mark)| Wanted::new(overview.room.key, *mark, overview.last_seq));
        let wanted: Vec<Wanted> = wanted.filter(|wanted| wanted.span.len() > 0).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let found = self.unread_in(user, wanted).await?;
        for overview in overviews {
            let Some(fresh) = found.get(&overview.room.key) else { continue };
            overview.last_seq = fresh.counted.span.head;
            if let Some(state) = &mut overview.state {
                state.unread = fresh.counted.unread();
                state.mentions = fresh.counted.mentions;
                let as_before = (state.read_seq, state.unread_from);
                (state.read_seq, state.unread_from) = fresh.marks.unwrap_or(as_before);
                state.delivered_seq = state.delivered_seq.max(state.read_seq);
            }
        }
        Ok(())
    }

    /// How much is unread after each of some marks, and how much of it mentions the user.
    /// Rooms without anything after the mark are left out.
    pub(super) async fn unread_behind(
        &self,
        user: UserKey,
        marks: impl Iterator<Item = (RoomKey, Mark, Seq)>,
    ) -> Result<FxHashMap<RoomKey, (i64, i64)>, ReadError> {
        let wanted = marks.map(|(room, mark, head)| Wanted::new(room, mark, head));
        let wanted: Vec<Wanted> = wanted.filter(|wanted| wanted.span.len() > 0).collect();
        let found = self.unread_in(user, wanted).await?;
        let counted = |(room, fresh): (RoomKey, Fresh)| {
            (room, (fresh.counted.unread(), fresh.counted.mentions))
        };
        Ok(found.into_iter().map(counted).collect())
    }

    /// What is unread after a mark and a floor that were looked at before.
    #[cfg(feature = "samples")]
    pub async fn unread_from(
        &self,
        user: UserKey,
        room: RoomKey,
        (unread_after, floor): (i64, i64),
        head: Seq,
    ) -> Result<Option<i64>, ReadError> {
        let after = Mark { unread_after, unread_from: None, floor }.after();
        let wanted = Wanted { span: Span { room, after, head }, floor: Seq(floor) };
        let found = self.unread_in(user, vec![wanted]).await?;
        Ok(found.get(&room).map(|fresh| fresh.counted.unread()))
    }

    async fn unread_in(
        &self,
        user: UserKey,
        wanted: Vec<Wanted>,
    ) -> Result<FxHashMap<RoomKey, Fresh>, ReadError> {
        let mut found = FxHashMap::default();
        let unknown = self.known_unread(user, wanted, &mut found);
        let cost: i64 = unknown.iter().map(|(wanted, _)| wanted.span.len()).sum();
        if cost <= UNREAD_COSTLY {
            self.look_at(user, unknown, &mut found).await?;
            return Ok(found);
        }
        // Goes on when the caller has hung up: it would be begun again and again.
        let (reader, unknown) = (self.clone(), unknown.into_iter().map(|(wanted, _)| wanted));
        let wanted: Vec<Wanted> = unknown.collect();
        let counting = actix::spawn(async move {
            let _turn = reader.counts.turn(user).await;
            let mut found = FxHashMap::default();
            // Who waited finds what was counted meanwhile.
            let unknown = reader.known_unread(user, wanted, &mut found);
            reader.look_at(user, unknown, &mut found).await?;
            Ok(found)
        });
        found.extend(counting.await.unwrap_or(Err(ReadError))?);
        Ok(found)
    }

    /// Takes what is known; gives the rest, each with what was counted last.
    fn known_unread(
        &self,
        user: UserKey,
        wanted: Vec<Wanted>,
        found: &mut FxHashMap<RoomKey, Fresh>,
    ) -> Vec<(Wanted, Option<Counted>)> {
        let spans: Vec<Span> = wanted.iter().map(|wanted| wanted.span).collect();
        let mut unknown = Vec::new();
        for (wanted, known) in wanted.into_iter().zip(self.counts.of(user, &spans)) {
            match known {
                Some(counted) if counted.span == wanted.span => {
                    found.insert(wanted.span.room, Fresh { counted, marks: None });
                }
                known => unknown.push((wanted, known)),
            }
        }
        unknown
    }

    async fn look_at(
        &self,
        user: UserKey,
        unknown: Vec<(Wanted, Option<Counted>)>,
        found: &mut FxHashMap<RoomKey, Fresh>,
    ) -> Result<(), ReadError> {
        let (mut anew, mut cost) = (Vec::new(), 0);
        for (Wanted { span, floor }, known) in unknown {
            let known =
                known.filter(|known| span.len() > UNREAD_FEW && span.follows(known.span, floor));
            let brought = match known {
                Some(known) => self.bring_forward(user, known, span, floor).await?,
                None => None,
            };
            if let Some(counted) = brought {
                self.counts.keep(user, [counted]);
                found.insert(span.room, Fresh { counted, marks: None });
                continue;
            }
            anew.push(span.room.0);
            cost += span.len();
            if cost > UNREAD_AT_ONCE {
                self.count_anew(user, std::mem::take(&mut anew), found).await?;
                cost = 0;
            }
        }
        if anew.is_empty() { Ok(()) } else { self.count_anew(user, anew, found).await }
    }

    /// Counts in several rooms with one statement, which also says from where
    /// to where.
    async fn count_anew(
        &self,
        user: UserKey,
        rooms: Vec<i64>,
        found: &mut FxHashMap<RoomKey, Fresh>,
    ) -> Result<(), ReadError> {
        // What came after the mark and is not one's own.
        let unread = || {
            messages::table
                .filter(messages::room_key.eq(members::room_key))
                .filter(messages::seq.gt(members::unread_after))
                .filter(messages::seq.gt(rooms::floor_seq))
                .filter(messages::sender_key.ne(members::user_key))
        };
        // What does not count apart: both counts come from an index alone.
        let uncounted = unread().filter(is_uncounted());
        let mentions_of = || {
            mentions::table
                .filter(mentions::room_key.eq(members::room_key))
                .filter(mentions::seq.gt(members::unread_after))
                .filter(mentions::seq.gt(rooms::floor_seq))
                .filter(mentions::sender_key.ne(members::user_key))
                .filter(mentions::in_thread.is_null())
        };
        let own = mentions_of().filter(mentions::user_key.eq(members::user_key));
        let of_all = mentions_of().filter(mentions::user_key.eq(0));
        let mark =
            receipts::room_key.eq(members::room_key).and(receipts::user_key.eq(members::user_key));
        let query = members::table
            .inner_join(rooms::table)
            .inner_join(room_heads::table.on(room_heads::room_key.eq(members::room_key)))
            .left_join(receipts::table.on(mark))
            .filter(members::user_key.eq(user.0))
            .filter(members::room_key.eq_any(rooms))
            .select((
                members::room_key,
                room_heads::last_seq,
                members::unread_after,
                members::unread_from,
                rooms::floor_seq,
                receipts::read_seq.nullable(),
                unread().select(count_star()).single_value(),
                uncounted.select(count_star()).single_value(),
                own.select(count_star()).single_value(),
                of_all.select(count_star()).single_value(),
            ));
        let rows = read!(self, |conn| query.load::<CountRow>(&mut conn).await)?;
        let fresh: Vec<Fresh> = rows.into_iter().map(Fresh::from).collect();
        let worth = fresh.iter().map(|fresh| fresh.counted);
        self.counts.keep(user, worth.filter(|counted| counted.span.len() >= UNREAD_WORTH));
        found.extend(fresh.into_iter().map(|fresh| (fresh.counted.span.room, fresh)));
        Ok(())
    }

    /// What was counted before, and what has changed since. `None` if rows
    /// may have gone meanwhile: a room was cleared or trimmed.
    ///
    /// A deletion or an edit of what was counted is seen by its position; then
    /// what does not count, or mentions, of which there are few, are counted anew. So it
    /// does no harm either if one that comes just now is counted already.
    async fn bring_forward(
        &self,
        user: UserKey,
        known: Counted,
        span: Span,
        floor: Seq,
    ) -> Result<Option<Counted>, ReadError> {
        let (user, room) = (user.0, span.room.0);
        let created = move |from: Seq, upto: Seq| {
            messages::table
                .filter(messages::room_key.eq(room))
                .filter(messages::seq.gt(from.0).and(messages::seq.le(upto.0)))
                .filter(messages::sender_key.ne(user))
        };
        let uncounted = move |from, upto| created(from, upto).filter(is_uncounted());
        let meant = move |from: Seq, upto: Seq| {
            mentions::table
                .filter(mentions::room_key.eq(room))
                .filter(mentions::user_key.eq_any([user, 0]))
                .filter(mentions::seq.gt(from.0).and(mentions::seq.le(upto.0)))
                .filter(mentions::sender_key.ne(user))
                .filter(mentions::in_thread.is_null())
        };
        let changed = messages::table
            .filter(messages::room_key.eq(room))
            .filter(messages::changed_seq.gt(known.span.head.0))
            .filter(messages::changed_seq.gt(messages::seq))
            .filter(messages::seq.le(known.span.head.0));
        // One that was being written counts, and mentions, from its end on.
        let counts_otherwise =
            || messages::deleted_at.is_not_null().or(messages::stream.is_not_null());
        let were_deleted = changed.filter(counts_otherwise());
        let were_edited = changed.filter(counts_otherwise().or(messages::edited_at.is_not_null()));
        read!(self, |conn| {
            let conn = &mut conn;
            let (from, head) = (known.span.after, known.span.head);
            let mut now = Counted { span, ..known };
            now.created += created(head, span.head).count().get_result::<i64>(conn).await?;
            now.created -= created(from, span.after).count().get_result::<i64>(conn).await?;
            if select(exists(were_deleted)).get_result(conn).await? {
                now.uncounted = uncounted(span.after, span.head).count().get_result(conn).await?;
            } else {
                now.uncounted += uncounted(head, span.head).count().get_result::<i64>(conn).await?;
                now.uncounted -=
                    uncounted(from, span.after).count().get_result::<i64>(conn).await?;
            }
            if select(exists(were_edited)).get_result(conn).await? {
                now.mentions = meant(span.after, span.head).count().get_result(conn).await?;
            } else {
                now.mentions += meant(head, span.head).count().get_result::<i64>(conn).await?;
                now.mentions -= meant(from, span.after).count().get_result::<i64>(conn).await?;
            }
            // Last: no row goes before the floor has moved.
            let at_end = rooms::table.find(room).select(rooms::floor_seq);
            let at_end = at_end.first::<i64>(conn).await.optional()?;
            Ok((at_end == Some(floor.0)).then_some(now))
        })
    }
}
