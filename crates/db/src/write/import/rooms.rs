//! Rooms of an import, and who is in them.

use parlor_domain::{
    Adder, Contact, Retention, Role, RoomBounds, RoomKey, RoomRules, Timestamp, UserKey, archive,
};
use parlor_macros::each_backend;

use super::{
    Imported, LeftOut,
    known::{Known, KnownRoom},
};
use crate::{
    rows::room::encode_rules,
    write::{
        direct::pair,
        member::NewMember,
        room::{Maker, NewRoom},
    },
};

const DAY_MS: i64 = 86_400_000;

/// Nobody is bounded by an import.
const BOUNDS: RoomBounds = RoomBounds {
    own: i64::MAX,
    placed: i64::MAX,
    placed_by_one: i64::MAX,
    contact: Contact::Anyone,
};

/// The two of a direct room, and by what it is found; nobody finds one of whose users
/// one was deleted.
struct Pair {
    text: Option<String>,
}

fn pair_of(room: &archive::Room, known: &Known) -> Result<Pair, LeftOut> {
    let Some(users) = &room.users else { return Ok(Pair { text: None }) };
    let key = |user| known.users.get(user).copied().ok_or(LeftOut::UnknownUser);
    Ok(match users {
        [Some(one), Some(other)] => Pair { text: Some(pair([key(one)?, key(other)?])) },
        [one, other] => {
            one.iter().chain(other).try_for_each(|user| key(user).map(drop))?;
            Pair { text: None }
        }
    })
}

/// Whether a user is one of the two of a direct room.
fn is_of_pair(room: &KnownRoom, user: UserKey) -> bool {
    let keys = room.pair.as_deref().map(|pair| pair.split(':'));
    keys.is_none_or(|mut keys| keys.any(|key| key.parse() == Ok(user.0)))
}

#[each_backend]
pub(super) mod backend {
    use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};
    use rustc_hash::FxHashSet;

    use super::*;
    use crate::{
        backend::Conn,
        schema::{members, rooms},
        write::{
            ban::backend as ban, contact::backend::has_blocked, direct::backend::mark_blocked,
            import::known::backend as known_rooms, member::backend as member,
            room::backend as room,
        },
    };

    pub(in crate::write::import) fn import(
        conn: &mut Conn,
        lines: &[(u64, &archive::Room)],
        now: Timestamp,
        known: &mut Known,
        done: &mut Imported,
    ) -> QueryResult<()> {
        for (line, new) in lines {
            if known.rooms.contains_key(&new.room_id) {
                done.count("room", 0, 1);
                continue;
            }
            let pair = match pair_of(new, known) {
                Ok(Pair { text }) => text,
                Err(why) => {
                    done.leave_out(*line, "room", "users", why);
                    continue;
                }
            };
            if let Some(pair) = &pair {
                let other = rooms::table.filter(rooms::pair.eq(pair)).select(rooms::key);
                if other.first::<i64>(conn).optional()?.is_some() {
                    done.leave_out(*line, "room", "users", LeftOut::DirectRoomExists);
                    continue;
                }
            }
            let made_by = new.made_by.as_ref().map(|maker| known.users.get(maker));
            if made_by == Some(None) {
                done.leave_out(*line, "room", "made_by", LeftOut::UnknownUser);
                continue;
            }
            create(conn, new, (made_by.flatten().copied(), pair), now)?;
            known.rooms.extend(known_rooms::rooms_of(conn, &[new.room_id.as_str()])?);
            done.count("room", 1, 0);
        }
        Ok(())
    }

    fn create(
        conn: &mut Conn,
        line: &archive::Room,
        (made_by, pair): (Option<UserKey>, Option<String>),
        now: Timestamp,
    ) -> QueryResult<()> {
        let archive::Room {
            room_id,
            kind,
            title,
            topic,
            custom,
            users: _,
            rules,
            ownerless,
            made_by: _,
            age_days,
            messages,
            created_at,
        } = line;
        let new = NewRoom {
            id: room_id.clone(),
            kind: kind.0,
            title: title.as_ref().map_or_else(|| "".into(), |title| title.0.clone()),
            topic: topic.as_ref().map_or_else(|| "".into(), |topic| topic.0.clone()),
            custom: custom.as_ref().map(|custom| custom.0.clone()),
            // Members come with lines of their own.
            owner: UserKey(0),
            made_by: made_by.map(|user| Maker { user, rooms_max: i64::MAX }),
            created_at: created_at.unwrap_or(now),
            bounds: BOUNDS,
        };
        let Some(RoomKey(key)) = room::insert(conn, &new, pair)? else { return Ok(()) };
        let Retention { age_ms, messages } = Retention {
            age_ms: age_days.map(|days| days.0 * DAY_MS),
            messages: messages.map(|messages| messages.0),
        };
        diesel::update(rooms::table.find(key))
            .set((
                rooms::rules.eq(encode_rules(&RoomRules { blocklists: None, ..*rules })),
                rooms::ownerless.eq(ownerless),
                rooms::keep_ms.eq(age_ms),
                rooms::keep_messages.eq(messages),
            ))
            .execute(conn)
            .map(drop)
    }

    pub(in crate::write::import) fn import_members(
        conn: &mut Conn,
        lines: &[(u64, &archive::Member)],
        now: Timestamp,
        known: &Known,
        done: &mut Imported,
    ) -> QueryResult<()> {
        let mut found: Vec<(u64, &archive::Member, &KnownRoom, UserKey)> = Vec::new();
        for (line, new) in lines {
            let room = known.rooms.get(&new.room_id);
            let user = known.users.get(&new.user_id);
            match (room, user) {
                (Some(room), Some(user)) => found.push((*line, new, room, *user)),
                (None, _) => done.leave_out(*line, "member", "room_id", LeftOut::UnknownRoom),
                (_, None) => done.leave_out(*line, "member", "user_id", LeftOut::UnknownUser),
            }
        }
        let mut there = members_of(conn, &found)?;
        for (line, new, room, user) in found {
            if !there.insert((room.key.0, user.0)) {
                done.count("member", 0, 1);
                continue;
            }
            match add(conn, new, (room, user), now)? {
                Ok(()) => {
                    done.touched.joined.push((room.key, user));
                    done.count("member", 1, 0);
                }
                Err(why) => done.leave_out(line, "member", "user_id", why),
            }
        }
        Ok(())
    }

    fn members_of(
        conn: &mut Conn,
        lines: &[(u64, &archive::Member, &KnownRoom, UserKey)],
    ) -> QueryResult<FxHashSet<(i64, i64)>> {
        let (mut keys, users): (Vec<i64>, Vec<i64>) =
            lines.iter().map(|(_, _, room, user)| (room.key.0, user.0)).unzip();
        keys.sort_unstable();
        keys.dedup();
        let rows = members::table
            .filter(members::room_key.eq_any(keys))
            .filter(members::user_key.eq_any(users))
            .select((members::room_key, members::user_key))
            .load::<(i64, i64)>(conn)?;
        Ok(rows.into_iter().collect())
    }

    fn add(
        conn: &mut Conn,
        line: &archive::Member,
        (room, user): (&KnownRoom, UserKey),
        now: Timestamp,
    ) -> QueryResult<Result<(), LeftOut>> {
        if room.is_direct {
            let is_one = room.pair.is_some() || member::count(conn, room.key, 0)? == 0;
            if !is_one || !is_of_pair(room, user) {
                return Ok(Err(LeftOut::Direct));
            }
        }
        if ban::holds(conn, room.key, user, now)? {
            return Ok(Err(LeftOut::UserBanned));
        }
        let archive::Member { role, joined_at, muted_until, .. } = line;
        // The two of a direct room are alike.
        let role = role.filter(|_| !room.is_direct).unwrap_or(Role::Member);
        let at = joined_at.unwrap_or(now);
        let (key, head, adder) = (room.key, room.head, Adder::Backend);
        member::insert(conn, NewMember { room: key, user, role, at, head, adder })?;
        let row = diesel::update(members::table.find((key.0, user.0)));
        if let Some(until) = muted_until {
            row.set(members::muted_until.eq(Some(until.0))).execute(conn)?;
        }
        if room.is_direct {
            meet(conn, room, user)?;
        }
        Ok(Ok(()))
    }

    /// How the two of a direct room stand.
    fn meet(conn: &mut Conn, room: &KnownRoom, user: UserKey) -> QueryResult<()> {
        if room.pair.is_none() {
            let row = diesel::update(members::table.find((room.key.0, user.0)));
            return row.set(members::peer_deleted.eq(true)).execute(conn).map(drop);
        }
        let others = members::table
            .filter(members::room_key.eq(room.key.0))
            .filter(members::user_key.ne(user.0))
            .select(members::user_key)
            .load::<i64>(conn)?;
        for other in others.into_iter().map(UserKey) {
            if has_blocked(conn, user, other)? || has_blocked(conn, other, user)? {
                mark_blocked(conn, room.key, true)?;
            }
        }
        Ok(())
    }
}
