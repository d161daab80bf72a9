//! Deletes a user with their data. What they wrote becomes tombstones, bit by
//! bit; a row without a name stays, to which those belong.

use parlor_domain::{
    Member, MessageId, Role, RoomId, RoomKey, RoomKind, Timestamp, User, UserId, UserKey,
    limits::{ERASE_MESSAGES, LOOKED_UP_AT_ONCE},
};
use parlor_macros::each_backend;
use rustc_hash::FxHashMap;

use super::{
    Concern, Conn, Effects, WebhookEvent, Whose, Write, WriteError, Written,
    message::ChangedMessage, on, postgres::forget_submissions, user::id_hash,
};
use crate::{Happened, Left};

/// What is shown instead of the name.
pub(super) const NAME: &str = "Deleted user";

/// Takes away all that says who a user was, but for their messages and
/// reactions, which [`EraseMessages`] takes in steps.
#[derive(Clone, Copy, Debug)]
pub struct EraseUser {
    pub user: UserKey,
    pub at: Timestamp,
}

/// A user who is gone.
#[derive(Clone, Debug)]
pub struct Erased {
    pub was: User,
    /// The rooms that they were in, with the numbers of members left.
    pub rooms: Vec<(RoomKey, RoomId, i64)>,
    /// Who owns rooms of theirs now.
    pub owners: Vec<(RoomKey, Member)>,
    /// Who is left alone in a direct room.
    pub alone: Vec<(RoomKey, UserKey)>,
}

impl Write for EraseUser {
    type Outcome = Erased;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Everything]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Erased> {
        let erased = on!(conn, user, self)?;
        if let Conn::Postgres(conn) = conn {
            forget_submissions(conn, &erased.was.id)?;
        }
        Ok(erased)
    }

    fn effects(&self, Erased { was, rooms, owners, alone }: &Erased, effects: &mut Effects) {
        let user = was.key.0;
        effects.webhook(|| WebhookEvent {
            user: Some(Whose::Id(was.id.clone())),
            ..WebhookEvent::new("user.deleted")
        });
        for (room, _, members) in rooms {
            let (room, members) = (room.0, *members);
            effects.happened(|| Happened::Left { room, user, why: Left::Deleted, members });
        }
        owners.iter().for_each(|(room, owner)| effects.member(*room, owner));
        alone.iter().for_each(|(room, member)| effects.standing(*room, *member));
        effects.happened(|| Happened::Erased { user, id: was.id.as_str().to_owned() });
    }
}

/// Makes tombstones of some of an erased user's messages, and takes back some
/// of their reactions.
#[derive(Clone, Debug)]
pub struct EraseMessages {
    pub user: UserKey,
    pub messages: Vec<MessageId>,
    /// There are no more.
    pub last: bool,
    pub at: Timestamp,
}

/// What changed.
#[derive(Clone, Debug)]
pub struct ErasedMessages {
    pub changed: Vec<ChangedMessage>,
    /// There are others.
    pub more: bool,
}

impl Write for EraseMessages {
    type Outcome = ErasedMessages;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Everything]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<ErasedMessages> {
        on!(conn, messages, self)
    }

    fn effects(&self, erased: &ErasedMessages, effects: &mut Effects) {
        erased.changed.iter().for_each(|changed| changed.effects(effects));
    }
}

/// A room that the user is in: its key, its id, and as what.
type Membership = (i64, String, String);

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, NullableExpressionMethods, QueryDsl, QueryResult, RunQueryDsl,
    };

    use super::*;
    use crate::{
        backend::Conn,
        schema::{
            api_keys, bans, blocks, drafts, former_members, inbox, inbox_heads, members, mentions,
            quiet_times, receipts, refresh_tokens, rooms, saved, thread_follows, unread_told,
            unread_waiting, users,
        },
        write::{
            attachment::backend as attachment, bars::backend as bars, device::backend as device,
            life::backend as life, member::backend as member, message::backend as message,
            report::backend as report, scheduled::backend as scheduled, user::backend as user_rows,
            user_words::backend as words,
        },
    };

    pub(super) fn user(conn: &mut Conn, EraseUser { user, at }: &EraseUser) -> Written<Erased> {
        let (user, at) = (*user, *at);
        let was = user_rows::find(conn, user)?.ok_or(WriteError::NoSuchUser)?;
        let rooms = members::table
            .inner_join(rooms::table)
            .filter(members::user_key.eq(user.0))
            .filter(rooms::id.is_not_null())
            .order(rooms::key)
            .select((rooms::key, rooms::id.assume_not_null(), members::role))
            .load::<(i64, String, String)>(conn)?;
        let alone = leave_alone(conn, user)?;
        let counts = leave_all(conn, user, &rooms)?;
        let mut left = Vec::with_capacity(rooms.len());
        let mut owners = Vec::new();
        for (key, id, role) in rooms {
            let member_count = counts.get(&key).copied().unwrap_or(0);
            let key = RoomKey(key);
            if role == Role::Owner.as_str()
                && let Some(owner) = member::inherit(conn, key)?
            {
                owners.push((key, owner));
            }
            left.push((key, RoomId::from_stored(id), member_count));
        }
        // Not before the last token was made, which may have been on another node.
        let gone_at = bars::last_issued(conn, user)?.map_or(at, |last| at.max(last));
        delete_personal(conn, user)?;
        let keys = api_keys::table.filter(api_keys::user_key.eq(user.0));
        diesel::update(keys.filter(api_keys::revoked_at.is_null()))
            .set(api_keys::revoked_at.eq(Some(at.0)))
            .execute(conn)?;
        diesel::update(users::table.find(user.0))
            .set((
                users::id.eq(UserId::of_deleted(user).as_str()),
                users::name.eq(NAME),
                users::password_hash.eq(None::<String>),
                users::last_seen_at.eq(None::<i64>),
                users::deleted_at.eq(Some(gone_at.0)),
                users::origin.eq(None::<String>),
                users::former_id.eq(id_hash(&was.id)),
                users::erase_pending.eq(true),
            ))
            .execute(conn)?;
        words::remove(conn, user.0)?;
        diesel::update(users::table.find(user.0))
            .set((
                users::avatar.eq(None::<String>),
                users::custom.eq(None::<String>),
                users::roles.eq(None::<String>),
                users::named_at.eq(None::<i64>),
            ))
            .execute(conn)?;
        Ok(Erased { was, rooms: left, owners, alone })
    }

    /// Takes the user out of their rooms, some with one statement: there may be
    /// thousands, and on PostgreSQL nobody else writes meanwhile. Gives how many
    /// members each has then.
    fn leave_all(
        conn: &mut Conn,
        user: UserKey,
        rooms: &[Membership],
    ) -> QueryResult<FxHashMap<i64, i64>> {
        let mut counts = FxHashMap::default();
        for some in rooms.chunks(LOOKED_UP_AT_ONCE) {
            let keys: Vec<i64> = some.iter().map(|(key, ..)| *key).collect();
            let own = members::table.filter(members::user_key.eq(user.0));
            diesel::delete(own.filter(members::room_key.eq_any(&keys))).execute(conn)?;
            let own = receipts::table.filter(receipts::user_key.eq(user.0));
            diesel::delete(own.filter(receipts::room_key.eq_any(&keys))).execute(conn)?;
            let left = diesel::update(rooms::table.filter(rooms::key.eq_any(&keys)))
                .set(rooms::member_count.eq(rooms::member_count - 1))
                .returning((rooms::key, rooms::member_count));
            counts.extend(left.get_results::<(i64, i64)>(conn)?);
        }
        Ok(counts)
    }

    /// The others of direct rooms, who have nobody to write to any more.
    fn leave_alone(conn: &mut Conn, user: UserKey) -> QueryResult<Vec<(RoomKey, UserKey)>> {
        let of_user = members::table
            .inner_join(rooms::table)
            .filter(members::user_key.eq(user.0))
            .filter(rooms::kind.eq(RoomKind::Direct.as_str()))
            .filter(rooms::id.is_not_null())
            .select(rooms::key);
        let direct: Vec<i64> = of_user.load(conn)?;
        let mut alone = Vec::new();
        for some in direct.chunks(LOOKED_UP_AT_ONCE) {
            let others = members::table
                .filter(members::room_key.eq_any(some))
                .filter(members::user_key.ne(user.0));
            let others = diesel::update(others)
                .set(members::peer_deleted.eq(true))
                .returning((members::room_key, members::user_key));
            alone.extend(others.get_results::<(i64, i64)>(conn)?);
        }
        Ok(alone.into_iter().map(|(room, other)| (RoomKey(room), UserKey(other))).collect())
    }

    fn delete_personal(conn: &mut Conn, user: UserKey) -> QueryResult<()> {
        let key = user.0;
        scheduled::end_all_of(conn, user)?;
        attachment::release_user(conn, user)?;
        diesel::delete(refresh_tokens::table.filter(refresh_tokens::user_key.eq(key)))
            .execute(conn)?;
        diesel::delete(bans::table.filter(bans::user_key.eq(key))).execute(conn)?;
        let former = former_members::table.filter(former_members::user_key.eq(key));
        diesel::delete(former).execute(conn)?;
        diesel::delete(blocks::table.filter(blocks::user_key.eq(key))).execute(conn)?;
        diesel::delete(blocks::table.filter(blocks::blocked_key.eq(key))).execute(conn)?;
        life::retire_inbox(conn, user)?;
        diesel::delete(inbox::table.filter(inbox::user_key.eq(key))).execute(conn)?;
        diesel::delete(inbox_heads::table.filter(inbox_heads::user_key.eq(key))).execute(conn)?;
        diesel::delete(unread_told::table.find(key)).execute(conn)?;
        let waiting = unread_waiting::table.filter(unread_waiting::user_key.eq(key));
        diesel::delete(waiting).execute(conn)?;
        diesel::delete(drafts::table.filter(drafts::user_key.eq(key))).execute(conn)?;
        device::forget_all(conn, user, None)?;
        diesel::delete(quiet_times::table.find(key)).execute(conn)?;
        report::forget_user(conn, user)?;
        let follows = thread_follows::table.filter(thread_follows::user_key.eq(key));
        diesel::delete(follows).execute(conn)?;
        diesel::delete(saved::table.filter(saved::user_key.eq(key))).execute(conn)?;
        diesel::delete(mentions::table.filter(mentions::user_key.eq(key))).execute(conn).map(drop)
    }

    pub(super) fn messages(conn: &mut Conn, erase: &EraseMessages) -> Written<ErasedMessages> {
        let EraseMessages { user, messages: ids, last, at } = erase;
        let mut changed = message::erase(conn, ids, *at)?;
        let (others, more) = message::unreact(conn, *user, ERASE_MESSAGES)?;
        changed.extend(others);
        let more = more || !last;
        if !more {
            let row = diesel::update(users::table.find(user.0));
            row.set(users::erase_pending.eq(false)).execute(conn)?;
        }
        Ok(ErasedMessages { changed, more })
    }
}
