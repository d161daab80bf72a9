//! Threads, reactions, mentions, pins: what a message carries is what the
//! rows say, and goes with it.

use super::*;
use parlor_domain::{
    Mentioned, NewContent, Reaction,
    limits::{EMOJIS_PER_MESSAGE, PINS_PER_ROOM, REACTION_USERS},
};

fn react(emoji: &str) -> Change {
    Change::React { emoji: emoji.into() }
}

fn unreact(emoji: &str) -> Change {
    Change::Unreact { emoji: emoji.into() }
}

fn in_thread(root: MessageId) -> NewExtras {
    NewExtras { thread: Some(root), ..NewExtras::default() }
}

fn mentioning(text: &str) -> NewExtras {
    NewExtras { mentioned: Mentioned::find(text), ..NewExtras::default() }
}

fn edit(text: &str) -> Change {
    let content = Some((text.into(), Mentioned::find(text)));
    Change::Edit(NewContent { content, ..NewContent::default() })
}

fn with_metadata(text: Option<&str>) -> Change {
    Change::Edit(NewContent { metadata: Some(text.map(Into::into)), ..NewContent::default() })
}

fn reactions(message: &Message) -> Vec<(String, i64, usize)> {
    let extras = message.extras.as_ref();
    let all: &[Reaction] = extras.map_or(&[], |extras| &extras.reactions);
    all.iter().map(|one| (one.emoji.to_string(), one.count, one.users.len())).collect()
}

#[test]
fn the_summary_of_reactions_is_what_the_rows_say() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let id = bench.plain(&room, &ann);
    let users: Vec<User> =
        (0..REACTION_USERS + 5).map(|n| bench.user(&format!("u{n:02}"))).collect();
    let mut seen = None;
    for user in &users {
        bench.add(&room, user).expect("added");
        seen = Some(bench.changed(id, user, react("a")));
    }
    let all = i64::try_from(users.len()).expect("small");
    assert_eq!(reactions(&seen.expect("some")), [("a".to_owned(), all, REACTION_USERS)]);
    let seen = bench.changed(id, &users[9], react("b"));
    assert_eq!(reactions(&seen)[1], ("b".to_owned(), 1, 1));
    // One who is shown goes, and the next one moves up; then one who is not.
    let seen = bench.changed(id, &users[0], unreact("a"));
    let shown = &seen.extras.as_ref().expect("some").reactions[0];
    assert_eq!((shown.count, shown.users.len()), (all - 1, REACTION_USERS));
    assert_eq!(shown.users.last(), Some(&users[REACTION_USERS].id));
    let seen = bench.changed(id, users.last().expect("some"), unreact("a"));
    assert_eq!(reactions(&seen)[0].1, all - 2);
    assert_eq!(
        bench.count(&format!("reactions WHERE message_id = {} AND emoji = 'a'", id.0)),
        all - 2
    );
    let seen = bench.changed(id, &users[9], unreact("b"));
    assert_eq!(reactions(&seen).len(), 1, "an emoji that nobody gives is gone");
}

#[test]
fn a_change_that_changes_nothing_takes_no_number() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let id = bench.plain(&room, &ann);
    let edit = || edit("new");
    let mut head = 1;
    for change in [react("a"), Change::Pin, edit(), unreact("a"), Change::Unpin, Change::Delete] {
        head += 1;
        assert_eq!(bench.changed(id, &ann, change.clone()).changed_seq, Seq(head), "{change:?}");
        let again = bench.change(id, &ann, change.clone());
        let Ok(ChangedMessage { message, moved: false, .. }) = again else {
            panic!("{change:?}: {again:?}");
        };
        assert_eq!(message.changed_seq, Seq(head));
    }
    assert_eq!(bench.count(&format!("room_heads WHERE last_seq = {head}")), 1);
}

#[test]
fn metadata_changes_without_an_edit_of_what_was_said() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let id = bench.rich(&room, &ann, mentioning("@ann"));
    let metadata = |message: &Message| message.extras.as_ref().and_then(|e| e.metadata.clone());
    let seen = bench.changed(id, &ann, with_metadata(Some(r#"{"votes":1}"#)));
    assert_eq!(metadata(&seen).as_deref(), Some(r#"{"votes":1}"#));
    assert_eq!((seen.changed_seq, seen.edited_at), (Seq(2), None));
    let again = bench.change(id, &ann, with_metadata(Some(r#"{"votes":1}"#)));
    assert!(matches!(again, Ok(ChangedMessage { moved: false, .. })), "{again:?}");
    let seen = bench.changed(id, &ann, edit("new"));
    assert_eq!(metadata(&seen).as_deref(), Some(r#"{"votes":1}"#), "it stays with an edit");
    let seen = bench.changed(id, &ann, with_metadata(None));
    assert_eq!((metadata(&seen), &*seen.content, seen.changed_seq), (None, "new", Seq(4)));
}

#[test]
fn emojis_and_pins_are_bounded() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let id = bench.plain(&room, &ann);
    for number in 0..EMOJIS_PER_MESSAGE {
        bench.changed(id, &ann, react(&format!("e{number}")));
    }
    assert_eq!(bench.change(id, &ann, react("more")).err(), Some(WriteError::TooManyEmojis));
    for _ in 0..PINS_PER_ROOM {
        let id = bench.plain(&room, &ann);
        bench.changed(id, &ann, Change::Pin);
    }
    assert_eq!(bench.change(id, &ann, Change::Pin).err(), Some(WriteError::TooManyPins));
    assert_eq!(bench.count("room_heads WHERE last_seq = 251"), 1, "a refusal takes no number");
}

#[test]
fn a_threads_count_is_that_of_its_living_replies() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let root = bench.plain(&room, &ann);
    let mut replies: Vec<MessageId> =
        (0..6).map(|_| bench.rich(&room, &ann, in_thread(root))).collect();
    // From the middle, the end and the beginning, until none is left.
    for at in [2, 4, 0, 2, 1, 0] {
        bench.changed(replies.remove(at), &ann, Change::Delete);
        let living = i64::try_from(replies.len()).expect("small");
        let last = replies
            .last()
            .map_or("thread_last IS NULL".to_owned(), |last| format!("thread_last = {}", last.0));
        let query =
            format!("messages WHERE id = {} AND thread_count = {living} AND {last}", root.0);
        assert_eq!(bench.count(&query), 1, "{query}");
        let rows = format!("messages WHERE thread_id = {} AND deleted_at IS NULL", root.0);
        assert_eq!(bench.count(&rows), living);
    }
}

#[test]
fn a_thread_whose_root_was_cleared_takes_no_number_for_it() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let root = bench.plain(&room, &ann);
    let reply = bench.rich(&room, &ann, in_thread(root));
    // The root at 1 is hidden; the reply at 2 is not.
    bench.one(ClearRoom { room: room.key, upto: Some(Seq(1)) }).expect("trimmed");
    let Ok(ChangedMessage { message, root, .. }) = bench.change(reply, &ann, Change::Delete) else {
        panic!("not deleted");
    };
    assert_eq!((message.changed_seq, root), (Seq(5), None));
    assert_eq!(bench.count("room_heads WHERE last_seq = 5"), 1);
}

#[test]
fn a_quote_of_what_was_cleared_is_gone_before_its_row_is() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let quoted = bench.plain(&room, &ann);
    let reply =
        bench.rich(&room, &ann, NewExtras { reply_to: Some(quoted), ..NewExtras::default() });
    let quote =
        |message: &Message| message.extras.as_ref().and_then(|extras| extras.reply_to.clone());
    assert!(quote(&bench.changed(reply, &ann, react("a"))).is_some());
    bench.one(ClearRoom { room: room.key, upto: Some(Seq(1)) }).expect("trimmed");
    assert_eq!(bench.count("messages WHERE seq = 1"), 1);
    assert!(quote(&bench.changed(reply, &ann, unreact("a"))).is_none());
}

#[actix::test]
async fn mentions_are_of_members_and_follow_an_edit() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    bench.user("cleo");
    let room = bench.room("r", &ann);
    bench.add(&room, &ben).expect("added");
    let id = bench.rich(&room, &ann, mentioning("@ben @cleo @ben. @ann"));
    assert_eq!(bench.count(&format!("mentions WHERE message_id = {}", id.0)), 2);
    let reader = bench.database.reader.clone();
    let mentions = async || {
        let state = reader.room_state(room.key, ben.key).await.expect("read");
        state.expect("a member").0.mentions
    };
    assert_eq!(mentions().await, 1);
    bench.changed(id, &ann, edit("@room and @ben"));
    assert_eq!(bench.count("mentions WHERE user_key = 0"), 1, "everyone stands for each");
    assert_eq!(bench.count("mentions"), 1);
    assert_eq!(mentions().await, 1);
    bench.changed(id, &ann, edit("nobody"));
    assert_eq!((bench.count("mentions"), mentions().await), (0, 0));
}

/// All that a message can have, in one room.
fn furnished(bench: &mut Bench, room: &Room, ann: &User) {
    let root = bench.rich(room, ann, mentioning("@room @ann"));
    bench.rich(room, ann, in_thread(root));
    bench.changed(root, ann, react("a"));
    bench.changed(root, ann, Change::Pin);
}

const ALL: [&str; 3] = ["messages", "reactions", "mentions"];

#[test]
fn what_belongs_to_a_message_goes_with_it() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let (room, other) = (bench.room("r", &ann), bench.room("other", &ann));
    furnished(&mut bench, &other, &ann);
    let there = ALL.map(|table| bench.count(table));
    assert!(there.iter().all(|rows| *rows > 0), "{there:?}");
    furnished(&mut bench, &room, &ann);
    bench.one(ClearRoom { room: room.key, upto: None }).expect("cleared");
    bench.purge_all(&room);
    assert_eq!(ALL.map(|table| bench.count(table)), there, "cleared");
    furnished(&mut bench, &room, &ann);
    bench.one(DeleteRoom { room: room.key }).expect("deleted");
    bench.purge_all(&room);
    assert_eq!(ALL.map(|table| bench.count(table)), there, "deleted");
    assert_eq!(bench.count("rooms"), 1);
}

#[test]
fn a_trim_takes_what_is_old_and_leaves_the_rest() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    furnished(&mut bench, &room, &ann);
    let upto = 5;
    furnished(&mut bench, &room, &ann);
    let there = ALL.map(|table| bench.count(table));
    bench.one(ClearRoom { room: room.key, upto: Some(Seq(upto)) }).expect("trimmed");
    bench.purge_all(&room);
    let half = there.map(|rows| rows / 2);
    assert_eq!(ALL.map(|table| bench.count(table)), half);
}

#[test]
fn a_deleted_message_keeps_no_rows_but_its_own() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let id = bench.rich(&room, &ann, mentioning("@room"));
    bench.changed(id, &ann, react("a"));
    let gone = bench.changed(id, &ann, Change::Delete);
    assert_eq!((&*gone.content, gone.extras), ("", None));
    assert_eq!((bench.count("reactions"), bench.count("mentions")), (0, 0));
    assert_eq!(bench.count("messages WHERE content = '' AND deleted_at IS NOT NULL"), 1);
}

/// What the migration does to what was stored before it.
#[test]
fn what_was_stored_before_gets_its_one_form() {
    let mut bench = Bench::new();
    let (ann, ben, cy) = (bench.user("ann"), bench.user("ben"), bench.user("cy"));
    let room = bench.room("r", &ann);
    bench.add(&room, &ben).expect("added");
    let said = bench.plain(&room, &ann);
    bench.changed(said, &ann, react("\u{2764}\u{fe0f}"));
    bench.direct("d", [&ann, &cy]).expect("opened");
    let root = bench.plain(&room, &ann);
    let reply = bench.rich(&room, &ann, in_thread(root));
    let nested = bench.rich(&room, &ann, in_thread(root));
    let deep = bench.rich(&room, &ben, in_thread(root));
    bench.one(EraseUser { user: cy.key, at: AT }).expect("erased");
    // As it was before.
    for down in include_str!("../../../../migrations/sqlite/00000000000026_people/down.sql")
        .split(';')
        .filter(|statement| statement.contains("DROP"))
    {
        bench.run(down);
    }
    bench.run("DELETE FROM __diesel_schema_migrations WHERE version = '00000000000026'");
    let values = |emoji: &str, user: &User, at: i64| {
        format!("({}, '{emoji}', {}, {at})", said.0, user.key.0)
    };
    bench.run(&format!(
        "INSERT INTO reactions (message_id, emoji, user_key, created_at) VALUES {}, {}, {}",
        values("\u{2764}", &ann, 5),
        values("\u{2764}", &ben, 6),
        values("\u{200b}", &ben, 7),
    ));
    let to = |id: MessageId, parent: MessageId| {
        format!("UPDATE messages SET thread_id = {} WHERE id = {}", parent.0, id.0)
    };
    bench.run(&to(nested, reply));
    bench.run(&to(deep, nested));
    bench.run(&format!("UPDATE messages SET thread_count = 1 WHERE id = {}", root.0));
    for (parent, child) in [(reply, nested), (nested, deep)] {
        bench.run(&format!(
            "UPDATE messages SET thread_count = 1, thread_last = {} WHERE id = {}",
            child.0, parent.0
        ));
    }
    let ran = on_a_thread(|| bring_up_to_date(&bench.url)).expect("it migrates");
    assert_eq!(ran.len(), 1, "{ran:?}");
    // One reaction of each, and none that cannot be seen.
    let seen = bench.changed(said, &ben, react("🎉"));
    let expected = [("\u{2764}\u{fe0f}".to_owned(), 2, 2), ("🎉".to_owned(), 1, 1)];
    assert_eq!(reactions(&seen), expected);
    assert_eq!(bench.count("reactions"), 3);
    // All replies are the root's.
    let of_root = format!("messages WHERE thread_id = {}", root.0);
    assert_eq!(bench.count(&of_root), 3);
    assert_eq!(bench.count("messages WHERE thread_count IS NOT NULL"), 1);
    let told =
        format!("messages WHERE id = {} AND thread_count = 3 AND thread_last = {}", root.0, deep.0);
    assert_eq!(bench.count(&told), 1);
    // Ann is alone in the room of two.
    assert_eq!(bench.count("members WHERE peer_deleted"), 1);
}
