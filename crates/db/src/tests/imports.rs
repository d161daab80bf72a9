//! What an import stores, and what it leaves out.

use parlor_domain::{
    MessageIds, Seq, Timestamp,
    archive::{Line, MessageIdsOf},
    limits::{EMOJIS_PER_MESSAGE, PINS_PER_ROOM},
};
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::{
    ClearRoom,
    copy::{Side, SideConn},
    samples::{AT, Bench, on_a_thread},
    write::import::{self, ImportChunk, ImportInto, Imported, LeftOut, Tally},
};

fn line(mut value: Value) -> Line {
    let kind = value["type"].take();
    value.as_object_mut().expect("an object").remove("type");
    let read = "a good line";
    match kind.as_str().expect("a type") {
        "user" => Line::User(serde_json::from_value(value).expect(read)),
        "room" => Line::Room(serde_json::from_value(value).expect(read)),
        "member" => Line::Member(serde_json::from_value(value).expect(read)),
        "message" => Line::Message(serde_json::from_value(value).expect(read)),
        "reaction" => Line::Reaction(serde_json::from_value(value).expect(read)),
        "read" => Line::Read(serde_json::from_value(value).expect(read)),
        other => panic!("{other} is no type"),
    }
}

fn import_with(bench: &Bench, message_ids: MessageIdsOf, lines: Vec<Value>) -> Imported {
    let lines = lines.into_iter().zip(1..).map(|(value, number)| (number, line(value))).collect();
    let at = Timestamp(AT.0 + 5_000_000_000_000);
    let into = ImportInto::Unused { files: FxHashMap::default() };
    let chunk = ImportChunk { lines, message_ids, at, into };
    on_a_thread(|| {
        let mut side = Side::open(&bench.url).expect("it opens");
        match &mut side.conn {
            SideConn::Sqlite(conn) => import::sqlite::import(conn, &chunk),
            SideConn::Postgres(conn) => import::postgres::import(conn, &chunk),
        }
        .expect("it is stored")
    })
}

fn imported(bench: &Bench, lines: Vec<Value>) -> Imported {
    import_with(bench, MessageIdsOf::Application, lines)
}

fn problems(imported: &Imported) -> Vec<(u64, &str, LeftOut)> {
    imported.problems.iter().map(|problem| (problem.line, problem.field, problem.why)).collect()
}

fn user(id: &str) -> Value {
    json!({"type": "user", "user_id": id})
}

fn room(id: &str) -> Value {
    json!({"type": "room", "room_id": id, "kind": "private"})
}

fn direct(id: &str, users: Value) -> Value {
    json!({"type": "room", "room_id": id, "kind": "direct", "users": users})
}

fn member(room: &str, user: &str) -> Value {
    json!({"type": "member", "room_id": room, "user_id": user})
}

fn message(id: &str) -> Value {
    json!({
        "type": "message", "room_id": "den", "message_id": id, "user_id": "ann",
        "created_at": "2020-01-02T03:04:05Z", "content": id,
    })
}

fn with(mut line: Value, name: &str, value: Value) -> Value {
    line[name] = value;
    line
}

fn reaction(message: &str, emoji: &str) -> Value {
    json!({
        "type": "reaction", "room_id": "den", "message_id": message, "user_id": "ann",
        "emoji": emoji,
    })
}

fn den() -> Vec<Value> {
    vec![user("ann"), user("ben"), room("den"), member("den", "ann")]
}

#[test]
fn an_id_is_one_messages_in_all_rooms_and_of_the_past() {
    let mut bench = Bench::new();
    let owner = bench.user("owner");
    let other = bench.room("other", &owner);
    let taken = bench.plain(&other, &owner).0.to_string();
    imported(&bench, den());
    let future = MessageIds::first_at(Timestamp(AT.0 + 6_000_000_000_000)).0.to_string();
    let ids = [taken.as_str(), "0", "007", "x", future.as_str(), "99"];
    let done = import_with(&bench, MessageIdsOf::Parlor, ids.map(message).into_iter().collect());
    let expected = [
        (1, "message_id", LeftOut::IdTaken),
        (2, "message_id", LeftOut::NotAnId),
        (3, "message_id", LeftOut::NotAnId),
        (4, "message_id", LeftOut::NotAnId),
        (5, "message_id", LeftOut::NotAnId),
    ];
    assert_eq!(problems(&done), expected);
    assert_eq!(done.tallies["message"], Tally { imported: 1, present: 0, left_out: 5 });
    let late = with(message("98"), "created_at", json!("2999-01-01T00:00:00Z"));
    let late = import_with(&bench, MessageIdsOf::Parlor, vec![late]);
    assert_eq!(problems(&late), [(1, "created_at", LeftOut::InFuture)]);
    let again = import_with(&bench, MessageIdsOf::Parlor, vec![message("99")]);
    assert_eq!(again.tallies["message"], Tally { imported: 0, present: 1, left_out: 0 });
}

#[test]
fn a_field_that_cannot_be_kept_is_left_out_and_the_message_is_not() {
    let bench = Bench::new();
    imported(&bench, den());
    let pin = json!({"at": "2020-01-02T03:04:05Z", "by": "ann"});
    let pinned = |id: usize| with(message(&format!("p{id}")), "pinned", pin.clone());
    let pins = usize::try_from(PINS_PER_ROOM).expect("few");
    let done = imported(&bench, (0..=pins).map(pinned).collect());
    assert_eq!(problems(&done), [(pins as u64 + 1, "pinned", LeftOut::TooManyPins)]);
    let named = |id: &str| with(message(id), "client_id", json!("same"));
    let elsewhere = with(message("3"), "reply_to", json!("nowhere"));
    let lost = with(message("4"), "mentions", json!({"users": ["ben", "nobody"]}));
    let done = imported(&bench, vec![named("1"), named("2"), elsewhere, lost]);
    let expected = [
        (2, "client_id", LeftOut::ClientIdTaken),
        (3, "reply_to", LeftOut::UnknownReference),
        (4, "mentions.users", LeftOut::UnknownUser),
    ];
    assert_eq!(problems(&done), expected);
    assert_eq!(done.tallies["message"].imported, 4);
    assert_eq!(bench.count("mentions"), 1);
}

#[test]
fn a_message_has_as_many_reactions_as_may_be_and_a_tombstone_none() {
    let bench = Bench::new();
    imported(&bench, den());
    let gone = with(message("gone"), "deleted_at", json!("2020-01-02T03:04:06Z"));
    let mut lines = vec![message("m"), gone, reaction("gone", "👍"), reaction("none", "👍")];
    lines.extend((0..=EMOJIS_PER_MESSAGE).map(|n| reaction("m", &format!(":e{n}:"))));
    let done = imported(&bench, lines);
    let last = 5 + EMOJIS_PER_MESSAGE as u64;
    let expected = [
        (3, "message_id", LeftOut::Deleted),
        (4, "message_id", LeftOut::UnknownMessage),
        (last, "emoji", LeftOut::TooManyEmojis),
    ];
    assert_eq!(problems(&done), expected);
}

#[test]
fn a_direct_room_is_of_its_two_and_the_only_one() {
    let bench = Bench::new();
    let lines = vec![
        user("ann"),
        user("ben"),
        user("cy"),
        direct("d1", json!(["ann", "ben"])),
        direct("d2", json!(["ben", "ann"])),
        direct("d3", json!(["ann", "nobody"])),
        direct("d4", json!(["ann", null])),
        member("d1", "ann"),
        member("d1", "cy"),
        member("d4", "ann"),
        member("d4", "cy"),
    ];
    let done = imported(&bench, lines);
    let expected = [
        (5, "users", LeftOut::DirectRoomExists),
        (6, "users", LeftOut::UnknownUser),
        (9, "user_id", LeftOut::Direct),
        (11, "user_id", LeftOut::Direct),
    ];
    assert_eq!(problems(&done), expected);
    assert_eq!(bench.count("members WHERE peer_deleted"), 1);
}

#[tokio::test]
async fn what_was_there_takes_a_position_when_it_changes_and_what_comes_now_does_not() {
    let bench = Bench::new();
    imported(&bench, den());
    let thread = with(message("b"), "thread_id", json!("a"));
    imported(&bench, vec![message("a"), thread.clone(), reaction("a", "👍")]);
    let head = "room_heads WHERE last_seq =";
    assert_eq!(bench.count(&format!("{head} 2")), 1, "nobody has seen them before");
    let done = imported(&bench, vec![message("a"), thread, reaction("a", "👍")]);
    assert!(done.tallies.values().all(|tally| tally.imported == 0), "{done:?}");
    assert_eq!(bench.count(&format!("{head} 2")), 1, "nothing has changed");
    imported(&bench, vec![with(message("c"), "thread_id", json!("a")), reaction("b", "👍")]);
    assert_eq!(bench.count(&format!("{head} 5")), 1, "one message, and two that are told anew");
    assert_eq!(bench.count("messages WHERE thread_count = 2 AND changed_seq = 4"), 1);
}

#[test]
fn ids_go_with_their_messages() {
    let bench = Bench::new();
    imported(&bench, den());
    imported(&bench, vec![message("a"), message("b")]);
    assert_eq!(bench.count("imported_messages"), 2);
    let known = |room| bench.count(&format!("messages WHERE room_key = {room}"));
    let key = (1..9).find(|room| known(*room) == 2).expect("the room's key");
    let room = parlor_domain::Room::stub(
        parlor_domain::RoomKey(key),
        parlor_domain::RoomId::from_stored("den"),
    );
    bench.one(ClearRoom { room: room.key, upto: Some(Seq(1)) }).expect("cleared");
    bench.purge_all(&room);
    assert_eq!(bench.count("imported_messages"), 1);
    let done = imported(&bench, vec![message("a"), message("b")]);
    assert_eq!(done.tallies["message"], Tally { imported: 1, present: 1, left_out: 0 });
}
