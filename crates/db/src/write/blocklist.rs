//! Lists of words and patterns that messages are checked against.

use parlor_domain::{
    AuditEntry, Blocklist, BlocklistId, Denied, Room, RoomKey, RoomKind, RoomRules, Timestamp,
    limits::{
        BLOCKED_PATTERNS, BLOCKED_PATTERNS_PER_ROOM, BLOCKED_WORDS_IN_ALL, BLOCKED_WORDS_PER_ROOM,
        BLOCKLISTS, BLOCKLISTS_PER_ROOM,
    },
};
use parlor_macros::each_backend;

use super::{Concern, Conn, Effects, Write, WriteError, Written, on};
use crate::{
    Happened,
    rows::blocklist::{EVERYWHERE, encode_texts},
};

/// Sets a list as a whole, or deletes it.
#[derive(Clone, Debug)]
pub struct ChangeBlocklist {
    /// `None`: it is the deployment's.
    pub room: Option<RoomKey>,
    pub id: BlocklistId,
    /// `None`: it is deleted.
    pub list: Option<Blocklist>,
    pub at: Timestamp,
    /// Where it is not written down already.
    pub audit: Option<AuditEntry>,
}

impl ChangeBlocklist {
    fn place(&self) -> i64 {
        self.room.map_or(EVERYWHERE, |room| room.0)
    }
}

impl Write for ChangeBlocklist {
    /// The room, as it is now.
    type Outcome = Option<Room>;

    fn concerns(&self) -> Vec<Concern> {
        vec![self.room.map_or_else(|| Concern::name("blocklists", ""), Concern::Room)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Option<Room>> {
        on!(conn, change, self)
    }

    fn effects(&self, _: &Option<Room>, effects: &mut Effects) {
        effects.happened(|| match self.room {
            Some(room) => Happened::RoomUpdated { room: room.0 },
            None => Happened::Blocklists,
        });
    }
}

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, dsl::exists, select};

    use super::*;
    use crate::{
        backend::Conn,
        rows::room::encode_rules,
        schema::{blocklists, rooms},
        write::{audit::backend as audit, timeline::backend as timeline},
    };

    pub(super) fn change(conn: &mut Conn, new: &ChangeBlocklist) -> Written<Option<Room>> {
        let room = match new.room {
            Some(room) => Some(timeline::find(conn, room)?.ok_or(WriteError::NoSuchRoom)?),
            None => None,
        };
        if room.as_ref().is_some_and(|room| room.kind == RoomKind::Direct) {
            return Err(Denied::Direct.into());
        }
        match &new.list {
            Some(list) => set(conn, new, list)?,
            None => {
                let row = blocklists::table.find((new.place(), new.id.as_str()));
                if diesel::delete(row).execute(conn)? == 0 {
                    return Err(WriteError::NoSuchBlocklist.into());
                }
            }
        }
        if let Some(entry) = &new.audit {
            audit::record(conn, entry)?;
        }
        room.map(|room| note_change(conn, room, new.at)).transpose()
    }

    fn set(conn: &mut Conn, new: &ChangeBlocklist, list: &Blocklist) -> Written<()> {
        let others = blocklists::table
            .filter(blocklists::room_key.eq(new.place()))
            .filter(blocklists::id.ne(new.id.as_str()))
            .select((blocklists::word_count, blocklists::pattern_count))
            .load::<(i64, i64)>(conn)?;
        let (lists, words, patterns) = match new.room {
            None => (BLOCKLISTS, BLOCKED_WORDS_IN_ALL, BLOCKED_PATTERNS),
            Some(_) => (BLOCKLISTS_PER_ROOM, BLOCKED_WORDS_PER_ROOM, BLOCKED_PATTERNS_PER_ROOM),
        };
        let (word_count, pattern_count) = (list.words.len() as i64, list.patterns.len() as i64);
        let in_all =
            |own: i64, of: fn(&(i64, i64)) -> i64| own + others.iter().map(of).sum::<i64>();
        if others.len() as i64 >= lists {
            return Err(WriteError::TooManyBlocklists.into());
        }
        if in_all(word_count, |other| other.0) > words as i64 {
            return Err(WriteError::TooManyBlockedWords.into());
        }
        if in_all(pattern_count, |other| other.1) > patterns as i64 {
            return Err(WriteError::TooManyBlockedPatterns.into());
        }
        let row = (
            blocklists::room_key.eq(new.place()),
            blocklists::id.eq(new.id.as_str()),
            blocklists::action.eq(list.action.as_str()),
            blocklists::words.eq(encode_texts(&list.words)),
            blocklists::patterns.eq(encode_texts(&list.patterns)),
            blocklists::word_count.eq(word_count),
            blocklists::pattern_count.eq(pattern_count),
            blocklists::updated_at.eq(new.at.0),
        );
        diesel::delete(blocklists::table.find((new.place(), new.id.as_str()))).execute(conn)?;
        diesel::insert_into(blocklists::table).values(row).execute(conn)?;
        Ok(())
    }

    /// A room says with its rules which lists of it are in force: by when they were changed.
    fn note_change(conn: &mut Conn, room: Room, at: Timestamp) -> Written<Room> {
        let of_room = blocklists::table.filter(blocklists::room_key.eq(room.key.0));
        let has_some: bool = select(exists(of_room)).get_result(conn)?;
        let later = room.rules.blocklists.map_or(at.0, |before| at.0.max(before + 1));
        let rules = RoomRules { blocklists: has_some.then_some(later), ..room.rules };
        diesel::update(rooms::table.find(room.key.0))
            .set(rooms::rules.eq(encode_rules(&rules)))
            .execute(conn)?;
        Ok(Room { rules, ..room })
    }

    /// A room is gone, and its lists.
    pub fn forget_room(conn: &mut Conn, room: RoomKey) -> QueryResult<()> {
        let of_room = blocklists::table.filter(blocklists::room_key.eq(room.0));
        diesel::delete(of_room).execute(conn).map(drop)
    }
}
