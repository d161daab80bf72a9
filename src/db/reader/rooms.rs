use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, QueryDsl, Queryable, dsl::count_star,
};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader};
use crate::{
    db::schema::{members, messages, receipts, room_heads, rooms, users},
    domain::{
        Member, Receipt, Role, Room, RoomId, RoomKey, RoomKind, RoomOverview, RoomState, Seq,
        Timestamp, User, UserId, UserKey,
    },
};

#[derive(Queryable)]
struct RoomRow {
    key: i64,
    id: String,
    kind: String,
    title: String,
    created_at: i64,
}

impl From<RoomRow> for Room {
    fn from(RoomRow { key, id, kind, title, created_at }: RoomRow) -> Self {
        Self {
            key: RoomKey(key),
            id: RoomId::from_stored(id),
            kind: RoomKind::parse(&kind).unwrap_or(RoomKind::Private),
            title: title.into(),
            created_at: Timestamp(created_at),
        }
    }
}

#[derive(Queryable)]
struct OverviewRow {
    room: RoomRow,
    last_seq: i64,
    role: String,
    read_seq: Option<i64>,
    unread: Option<i64>,
}

impl From<OverviewRow> for RoomOverview {
    fn from(row: OverviewRow) -> Self {
        let OverviewRow { room, last_seq, role, read_seq, unread } = row;
        Self {
            room: room.into(),
            last_seq: Seq(last_seq),
            state: Some(RoomState {
                role: Role::parse(&role).unwrap_or(Role::Member),
                read_seq: Seq(read_seq.unwrap_or(0)),
                unread: unread.unwrap_or(0),
            }),
            member_count: None,
            last_message: None,
        }
    }
}

/// The columns of a [`RoomRow`].
macro_rules! room_columns {
    () => {
        (rooms::key, rooms::id.assume_not_null(), rooms::kind, rooms::title, rooms::created_at)
    };
}

/// Memberships with their rooms, heads, marks, and unread counts, in one
/// statement: this is what every connect reads.
macro_rules! overviews {
    () => {{
        // Counted from rows: what came after the mark and is not one's own.
        let unread = messages::table
            .filter(messages::room_key.eq(members::room_key))
            .filter(messages::seq.gt(members::unread_after))
            .filter(messages::seq.gt(rooms::floor_seq))
            .filter(messages::sender_key.ne(members::user_key))
            .select(count_star())
            .single_value();
        members::table
            .inner_join(rooms::table)
            .inner_join(room_heads::table.on(room_heads::room_key.eq(members::room_key)))
            .left_join(
                receipts::table.on(receipts::room_key
                    .eq(members::room_key)
                    .and(receipts::user_key.eq(members::user_key))),
            )
            .filter(rooms::id.is_not_null())
            .select((
                room_columns!(),
                room_heads::last_seq,
                members::role,
                receipts::read_seq.nullable(),
                unread,
            ))
    }};
}

impl Reader {
    /// A room that has not been deleted.
    pub async fn room(&self, id: &RoomId) -> Result<Option<Room>, ReadError> {
        let query =
            rooms::table.filter(rooms::id.eq(id.as_str().to_owned())).select(room_columns!());
        let row = self
            .read(move |mut conn| async move { query.first::<RoomRow>(&mut conn).await.optional() })
            .await?;
        Ok(row.map(Room::from))
    }

    /// A user's rooms, by id.
    pub async fn memberships(&self, user: UserKey) -> Result<Vec<RoomOverview>, ReadError> {
        let query = overviews!().filter(members::user_key.eq(user.0)).order(rooms::id);
        let rows = self
            .read(move |mut conn| async move { query.load::<OverviewRow>(&mut conn).await })
            .await?;
        Ok(rows.into_iter().map(RoomOverview::from).collect())
    }

    /// A user's rooms, by id, with the newest message of each; in two
    /// statements, however many rooms there are.
    pub async fn rooms_with_last_message(
        &self,
        user: UserKey,
    ) -> Result<Vec<RoomOverview>, ReadError> {
        let mut rooms = self.memberships(user).await?;
        let mut newest = self.newest_messages(user).await?;
        for overview in &mut rooms {
            overview.last_message = Some(newest.remove(&overview.room.key));
        }
        Ok(rooms)
    }

    /// The user's rooms in which something is unread.
    pub async fn unread(&self, user: UserKey) -> Result<Vec<RoomOverview>, ReadError> {
        let mut rooms = self.memberships(user).await?;
        rooms.retain(|room| room.state.is_some_and(|state| state.unread > 0));
        Ok(rooms)
    }

    /// How a user stands in a room, and its head; `None` for who is no member.
    pub async fn room_state(
        &self,
        room: RoomKey,
        user: UserKey,
    ) -> Result<Option<(RoomState, Seq)>, ReadError> {
        let overview = self.membership(room, user).await?;
        Ok(overview.and_then(|overview| Some((overview.state?, overview.last_seq))))
    }

    /// A member's role, without what is costly to count; `None` for who is no
    /// member.
    pub async fn role(&self, room: RoomKey, user: UserKey) -> Result<Option<Role>, ReadError> {
        let query = members::table
            .filter(members::room_key.eq(room.0))
            .filter(members::user_key.eq(user.0))
            .select(members::role);
        let role = self
            .read(move |mut conn| async move { query.first::<String>(&mut conn).await.optional() })
            .await?;
        Ok(role.map(|role| Role::parse(&role).unwrap_or(Role::Member)))
    }

    async fn membership(
        &self,
        room: RoomKey,
        user: UserKey,
    ) -> Result<Option<RoomOverview>, ReadError> {
        let query =
            overviews!().filter(members::user_key.eq(user.0)).filter(members::room_key.eq(room.0));
        let row =
            self.read(move |mut conn| async move {
                query.first::<OverviewRow>(&mut conn).await.optional()
            })
            .await?;
        Ok(row.map(RoomOverview::from))
    }

    /// One room with the number of its members, as a user sees it.
    pub async fn overview(
        &self,
        room: RoomKey,
        user: UserKey,
    ) -> Result<Option<RoomOverview>, ReadError> {
        let mut overview = match self.membership(room, user).await? {
            Some(overview) => overview,
            None => match self.stranger(room).await? {
                Some(overview) => overview,
                None => return Ok(None),
            },
        };
        let count = members::table.filter(members::room_key.eq(room.0)).count();
        let count =
            self.read(move |mut conn| async move { count.get_result(&mut conn).await }).await?;
        overview.member_count = Some(count);
        Ok(Some(overview))
    }

    /// A room as one sees it who is no member.
    async fn stranger(&self, room: RoomKey) -> Result<Option<RoomOverview>, ReadError> {
        let query = rooms::table
            .inner_join(room_heads::table)
            .filter(rooms::key.eq(room.0))
            .filter(rooms::id.is_not_null())
            .select((room_columns!(), room_heads::last_seq));
        let row = self
            .read(move |mut conn| async move {
                query.first::<(RoomRow, i64)>(&mut conn).await.optional()
            })
            .await?;
        Ok(row.map(|(room, last_seq)| RoomOverview {
            room: room.into(),
            last_seq: Seq(last_seq),
            state: None,
            member_count: None,
            last_message: None,
        }))
    }

    /// A page of a room's members by user id, and whether there are more.
    pub async fn members(
        &self,
        room: RoomKey,
        after: Option<&UserId>,
        limit: i64,
    ) -> Result<(Vec<Member>, bool), ReadError> {
        let query = members::table
            .inner_join(users::table)
            .filter(members::room_key.eq(room.0))
            .filter(users::id.gt(after.map_or("", UserId::as_str).to_owned()))
            .order(users::id)
            .limit(limit + 1)
            .select((users::key, users::id, users::name, members::role, members::joined_at));
        let rows = self
            .read(move |mut conn| async move {
                query.load::<(i64, String, String, String, i64)>(&mut conn).await
            })
            .await?;
        let members = rows.into_iter().map(|(key, id, name, role, joined_at)| Member {
            user: User { key: UserKey(key), id: UserId::from_stored(id), name: name.into() },
            role: Role::parse(&role).unwrap_or(Role::Member),
            joined_at: Timestamp(joined_at),
        });
        Ok(cut(members.collect(), limit))
    }

    /// A page of a room's read marks by user id, and whether there are more.
    pub async fn receipts(
        &self,
        room: RoomKey,
        after: Option<&UserId>,
        limit: i64,
    ) -> Result<(Vec<Receipt>, bool), ReadError> {
        let query = receipts::table
            .inner_join(users::table)
            .filter(receipts::room_key.eq(room.0))
            .filter(users::id.gt(after.map_or("", UserId::as_str).to_owned()))
            .order(users::id)
            .limit(limit + 1)
            .select((users::id, receipts::read_seq, receipts::read_at));
        let rows = self
            .read(move |mut conn| async move { query.load::<(String, i64, i64)>(&mut conn).await })
            .await?;
        let receipts = rows.into_iter().map(|(user, read_seq, read_at)| Receipt {
            user: UserId::from_stored(user),
            read_seq: Seq(read_seq),
            read_at: Timestamp(read_at),
        });
        Ok(cut(receipts.collect(), limit))
    }

    /// The rooms with rows that are still to be deleted.
    pub async fn unfinished_purges(&self) -> Result<Vec<RoomKey>, ReadError> {
        let query = rooms::table.filter(rooms::purge_pending).select(rooms::key);
        let keys =
            self.read(move |mut conn| async move { query.load::<i64>(&mut conn).await }).await?;
        Ok(keys.into_iter().map(RoomKey).collect())
    }
}

fn cut<T>(mut rows: Vec<T>, limit: i64) -> (Vec<T>, bool) {
    let limit = usize::try_from(limit).unwrap_or(0);
    let more = rows.len() > limit;
    rows.truncate(limit);
    (rows, more)
}
