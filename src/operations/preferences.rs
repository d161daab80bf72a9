//! Mute, hide, archive, pin and sort a room for oneself.

use parlor_domain::{
    Denied, Notifications, Preferences, PreferencesChange, RoomId, RoomKey, Timestamp, UserKey,
    Whole,
    limits::{RANK_MAX, SECONDS_MAX},
};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    chat::{Own, ReplyTo},
    clock::now,
    db::{Concern, Conn, Effects, Happened, Write, WriteError, Written, on},
    protocol::{Refusal, RoomPreferencesView, Rules, null_or},
};

const RANK_MIN: i64 = -RANK_MAX;

/// Says how the user wants to have a room; what is not named stays. Nobody else learns
/// of it.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetPreferences {
    room_id: RoomId,
    /// Of what the user is told; for good, unless it says until when.
    notifications: Option<Notifications>,
    notifications_until: Option<Timestamp>,
    notifications_seconds: Option<Whole<1, SECONDS_MAX>>,
    /// Until somebody writes there.
    hidden: Option<bool>,
    archived: Option<bool>,
    pinned: Option<bool>,
    /// The user's own order: lower comes first; `null` takes it away.
    #[serde(default, deserialize_with = "null_or")]
    #[schemars(with = "Option<Whole<RANK_MIN, RANK_MAX>>")]
    rank: Option<Option<Whole<RANK_MIN, RANK_MAX>>>,
}

impl SetPreferences {
    fn change(&self) -> PreferencesChange {
        PreferencesChange {
            notifications: self.notifications.map(|which| (which, self.notifications_until)),
            hidden: self.hidden,
            archived: self.archived,
            pinned: self.pinned,
            rank: self.rank.map(|rank| rank.map(|Whole(rank)| rank)),
        }
    }
}

impl Operation for SetPreferences {
    type Answer = RoomPreferences;
    type Place = Access;

    fn place(&self) -> &RoomId {
        &self.room_id
    }

    fn check(&mut self, rules: &Rules) -> Result<(), Refusal> {
        let (field, until) = ("notifications_until", self.notifications_until);
        let seconds = ("notifications_seconds", self.notifications_seconds.take());
        self.notifications_until = rules.end(field, until, seconds)?;
        let is_less = self.notifications.is_some_and(|which| which != Notifications::All);
        if self.notifications_until.is_some() && !is_less {
            let what = "needs notifications that are mentions or nothing";
            return Err(Refusal::field(field, what));
        }
        match self.change() == PreferencesChange::default() {
            true => Err(Refusal::field("notifications", "or another preference is required")),
            false => Ok(()),
        }
    }

    fn allowed(&self, _: &Requester, access: &Access) -> Result<(), ChatError> {
        access.member()
    }

    fn run(self, asked: Asked<Self>, server: &mut ChatServer) {
        let Asked { from, place: access, reply } = asked;
        let (room, user, change) = (access.room, from.user.key, self.change());
        let write = Preferring { room: room.key, user, change, at: now() };
        server.write_for(reply, write, move |server, reply, set| {
            let Set { preferences, is_new } = set;
            if is_new {
                let changed = Some(Own::Preferences);
                server.tell_own(ReplyTo::nobody(), user, room.clone(), changed);
            }
            let room = room.id.clone();
            server.answer(reply, Ok(RoomPreferences { room, preferences }));
        });
    }
}

/// What a user has set in a room.
#[derive(Debug)]
pub struct RoomPreferences {
    room: RoomId,
    preferences: Preferences,
}

impl Shown for RoomPreferences {
    type View<'a> = RoomPreferencesView<'a>;

    fn view(&self) -> RoomPreferencesView<'_> {
        RoomPreferencesView::new(&self.room, self.preferences)
    }
}

#[derive(Clone, Copy, Debug)]
struct Preferring {
    room: RoomKey,
    user: UserKey,
    change: PreferencesChange,
    at: Timestamp,
}

/// As they are now, and whether that is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Set {
    preferences: Preferences,
    is_new: bool,
}

impl Write for Preferring {
    type Outcome = Set;

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::Room(self.room), Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Set> {
        on!(conn, set, self)
    }

    fn effects(&self, set: &Set, effects: &mut Effects) {
        if set.is_new {
            let (room, user) = (self.room.0, self.user.0);
            effects.happened(|| Happened::Preferences { room, user });
        }
    }
}

#[each_backend]
mod backend {
    use diesel::{OptionalExtension, QueryDsl, RunQueryDsl};

    use super::{Denied, Preferring, Set, WriteError, Written};
    use parlor_db::{
        backend::Conn,
        rows::preferences::{PreferencesRow, columns},
        schema::members,
        write::timeline::backend as timeline,
    };

    pub(super) fn set(conn: &mut Conn, preferring: &Preferring) -> Written<Set> {
        let Preferring { room, user, change, at } = *preferring;
        let head = timeline::head(conn, room)?.ok_or(WriteError::NoSuchRoom)?;
        let member = members::table.find((room.0, user.0));
        let row = member.select(columns()).first::<PreferencesRow>(conn).optional()?;
        let row = row.ok_or(Denied::Stranger)?;
        let hidden = match row.hidden_seq {
            Some(seq) => !timeline::has_messages_after(conn, room, seq)?,
            None => false,
        };
        let before = row.shown(hidden, at);
        let preferences = before.changed(change);
        let is_new = preferences != before;
        if is_new {
            let row = PreferencesRow::stored(preferences, head);
            diesel::update(member).set(&row).execute(conn)?;
        }
        Ok(Set { preferences, is_new })
    }
}

#[cfg(test)]
mod tests {
    use parlor_db::{
        RemoveMember,
        samples::{AT, Bench},
    };

    use super::*;

    #[actix::test]
    async fn a_room_is_hidden_until_somebody_writes_there() {
        let mut bench = Bench::new();
        let (ann, ben, cleo) = (bench.user("ann"), bench.user("ben"), bench.user("cleo"));
        let room = bench.room("r", &ann);
        bench.add(&room, &ben).expect("added");
        bench.add(&room, &cleo).expect("added");
        bench.say(&room, &ann, 2);
        let set = |bench: &Bench, change| {
            let (room, user) = (room.key, ben.key);
            bench.one(Preferring { room, user, change, at: AT }).expect("set")
        };
        let read = async |bench: &Bench| {
            let state = bench.database.reader.room_state(room.key, ben.key).await.expect("read");
            state.expect("a member").0.preferences
        };
        let hide = PreferencesChange { hidden: Some(true), ..PreferencesChange::default() };
        let pin = PreferencesChange { pinned: Some(true), ..PreferencesChange::default() };
        let hidden = Preferences { hidden: true, ..Preferences::default() };
        assert_eq!(set(&bench, hide), Set { preferences: hidden, is_new: true });
        assert_eq!(set(&bench, hide), Set { preferences: hidden, is_new: false });
        assert_eq!(read(&bench).await, hidden);
        // What else happens in a room is no reason to show it.
        let out = RemoveMember { room: room.key, user: cleo.key, by: None, is_self: true };
        bench.one(out).expect("gone");
        let both = Preferences { pinned: true, ..hidden };
        assert_eq!(set(&bench, pin), Set { preferences: both, is_new: true });
        assert_eq!(read(&bench).await, both);
        bench.say(&room, &ben, 1);
        let pinned = Preferences { pinned: true, ..Preferences::default() };
        assert_eq!(read(&bench).await, pinned);
        // Set once more it is hidden from here on.
        assert_eq!(set(&bench, hide), Set { preferences: both, is_new: true });
        assert_eq!(read(&bench).await, both);
    }
}
