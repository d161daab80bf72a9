//! Makes sure that a database file goes on where it was, or begins a new
//! life.

use std::path::Path;

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, QueryableByName, RunQueryDsl,
    sql_query,
};

use crate::{
    life::{Known, NEW_EPOCH, Place, RENEWED},
    open::Refused,
    schema::{inbox_heads, room_heads, users},
    sqlite::{
        Conn,
        connect::establish,
        mark::{self, Found, Marker},
    },
    write::life::sqlite as life,
};
use parlor_domain::{Life, RoomKey, Seq};
use parlor_process::clock;

/// Opens a file that has been migrated.
pub(crate) fn open(path: &Path) -> Result<(Life, Marker), Refused> {
    let failed = |error: &dyn std::fmt::Display| Refused::Open(error.to_string());
    let mut conn = establish(path).map_err(Refused::Open)?;
    let found = mark::find(path).map_err(|error| failed(&error))?;
    let known = life::known(&mut conn).map_err(|error| failed(&error))?;
    let own = own_mark(&known, &found);
    let has_newest = match own.and_then(|own| own.mark.newest) {
        Some(place) => has(&mut conn, place).map_err(|error| failed(&error))?,
        None => true,
    };
    let doubt = doubt(&known, &found, has_newest);
    let latest = found.iter().map(|found| found.mark.start).max();
    let marker = Marker::prepare(path, latest.map_or(1, |start| start + 1));
    let mut marker = marker.map_err(|error| failed(&error))?;
    let begun = conn.immediate_transaction(|conn| match doubt {
        Some(_) => life::begin(conn, Some(marker.token()), clock::now()).map(Some),
        None => life::set_witness(conn, Some(marker.token())).map(|()| None),
    });
    let begun = begun.map_err(|error| failed(&error))?;
    marker.used().map_err(|error| failed(&error))?;
    mark::remove(&found);
    if let (Some(begun), Some(doubt)) = (&begun, doubt) {
        begun.log(doubt);
    }
    Ok((begun.map_or(known.life, |begun| begun.life), marker))
}

/// Has the next start begin a new life.
pub(crate) fn renew(path: &Path) -> Result<(), Refused> {
    let mut conn = establish(path).map_err(Refused::Open)?;
    let renewed = life::set_witness(&mut conn, Some(RENEWED));
    renewed.map_err(|error| Refused::Open(error.to_string()))
}

/// The mark that the database knows itself by.
fn own_mark<'a>(known: &Known, found: &'a [Found]) -> Option<&'a Found> {
    found.iter().find(|found| Some(&found.mark.token) == known.witness.as_ref())
}

/// Why the database may hold less than clients have seen; `None` if it goes
/// on where it was. `has_newest` says whether it has the last position that
/// its own mark knows of.
fn doubt(known: &Known, found: &[Found], has_newest: bool) -> Option<&'static str> {
    if known.witness.as_deref() == Some(RENEWED) {
        return Some(NEW_EPOCH);
    }
    let Some(own) = own_mark(known, found) else {
        return match (&known.witness, found) {
            (None, []) => None,
            (None, _) => Some("the database was put in the place of another one"),
            (Some(_), []) => Some("the database was restored, copied or moved here"),
            (Some(_), _) => Some("the database is another one than served here last"),
        };
    };
    // One that was only prepared was never served under.
    let is_later = |other: &Found| other.mark.is_used && other.mark.start > own.mark.start;
    if found.iter().any(is_later) {
        Some("the database was restored from before the last start")
    } else if !own.is_original {
        Some("the directory of the database was restored, copied or moved here")
    } else if !has_newest {
        Some("the database was restored from a backup")
    } else {
        None
    }
}

/// The newest position of a timeline; `None` if it is not there.
fn head_of(conn: &mut Conn, timeline: RoomKey) -> QueryResult<Option<Seq>> {
    let head = match timeline.inbox_owner() {
        None => {
            let head = room_heads::table.find(timeline.0).select(room_heads::last_seq);
            head.first::<i64>(conn).optional()?
        }
        Some(user) => {
            let head = inbox_heads::table.find(user.0).select(inbox_heads::last_seq);
            head.first::<i64>(conn).optional()?
        }
    };
    Ok(head.map(Seq))
}

/// Whether the database holds a position, or held it once.
fn has(conn: &mut Conn, (timeline, seq): Place) -> QueryResult<bool> {
    if let Some(head) = head_of(conn, timeline)? {
        return Ok(head >= seq);
    }
    // What has been there once was deleted since: keys are never used again,
    // and an inbox goes with its user. One whose user is there never was.
    match timeline.inbox_owner() {
        Some(user) => {
            let row = users::table.find(user.0).filter(users::deleted_at.is_not_null());
            Ok(row.select(users::key).first::<i64>(conn).optional()?.is_some())
        }
        None => Ok(timeline <= newest_room(conn)?),
    }
}

#[derive(QueryableByName)]
struct Newest {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    seq: i64,
}

fn newest_room(conn: &mut Conn) -> QueryResult<RoomKey> {
    let newest = sql_query("SELECT seq FROM sqlite_sequence WHERE name = 'rooms'");
    let newest: Option<Newest> = newest.get_result(conn).optional()?;
    Ok(RoomKey(newest.map_or(0, |newest| newest.seq)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(witness: Option<&str>) -> Known {
        Known { life: Life::from_stored("a"), witness: witness.map(str::to_owned) }
    }

    /// Marks of several starts: token, start, whether it was used.
    fn marks(all: &[(&str, u64, bool)]) -> Vec<Found> {
        let mark = |(token, start, used): &(&str, u64, bool)| Found::sample(token, *start, *used);
        all.iter().map(mark).collect()
    }

    #[test]
    fn a_database_goes_on_where_its_own_mark_is() {
        assert_eq!(doubt(&known(None), &[], true), None, "a new one");
        assert_eq!(doubt(&known(Some("a")), &marks(&[("a", 1, true)]), true), None);
        // Ended between two steps of a start, before and after the commit.
        let prepared = marks(&[("a", 1, true), ("b", 2, false)]);
        assert_eq!(doubt(&known(Some("a")), &prepared, true), None);
        assert_eq!(doubt(&known(Some("b")), &prepared, true), None);
        let earlier_left = marks(&[("a", 1, true), ("b", 2, true)]);
        assert_eq!(doubt(&known(Some("b")), &earlier_left, true), None);
    }

    #[test]
    fn whatever_else_is_found_makes_a_new_life() {
        let restored = |witness, found: &[Found], has| doubt(&known(witness), found, has).is_some();
        let one = marks(&[("b", 2, true)]);
        assert_eq!(doubt(&known(Some(RENEWED)), &one, true), Some(NEW_EPOCH));
        assert!(restored(Some("a"), &[], true), "nothing bears witness");
        assert!(restored(Some("a"), &one, true), "of another start");
        assert!(restored(None, &one, true), "a new file in the place of another");
        assert!(restored(Some("b"), &one, false), "it lacks what was given");
        let copied_over = marks(&[("a", 1, true), ("b", 2, true)]);
        assert!(restored(Some("a"), &copied_over, true), "a later one was served under");
        let mut moved = one;
        moved[0].is_original = false;
        assert!(restored(Some("b"), &moved, true));
    }

    #[test]
    fn a_timeline_that_is_not_there_was_had_if_it_can_have_been_deleted() {
        use diesel::connection::SimpleConnection;

        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("x.db");
        crate::open::sqlite::migrate(&path).expect("migrated");
        let mut conn = establish(&path).expect("it opens");
        conn.batch_execute(
            "INSERT INTO users (key, id, name, created_at, deleted_at)
             VALUES (1, 'ann', 'Ann', 0, NULL), (2, 'deleted#2', 'Deleted user', 0, 1);
             INSERT INTO rooms (key, id, kind, title, created_at) VALUES (5, 'r', 'public', '', 0);
             INSERT INTO room_heads (room_key, last_seq) VALUES (5, 9);",
        )
        .expect("good statements");
        let mut has = |timeline, seq| has(&mut conn, (timeline, Seq(seq))).expect("read");
        assert!(has(RoomKey(5), 9) && !has(RoomKey(5), 10));
        assert!(has(RoomKey(4), 1), "deleted");
        assert!(!has(RoomKey(6), 1), "made since the backup");
        let inbox = |user| RoomKey::inbox_of(parlor_domain::UserKey(user));
        assert!(!has(inbox(1), 1), "its first event came since the backup");
        assert!(has(inbox(2), 1), "deleted with its user");
        assert!(!has(inbox(3), 1), "came since the backup");
    }
}
