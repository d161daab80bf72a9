//! Marks and what is unread.

use parlor_db::{
    ClearRoom, Direct, EndStream, Marked, MarkedBy, NewMessage, Reader, StreamEnd,
    samples::{AT, Bench},
};
use parlor_domain::{
    Change, Mentioned, MessageId, NewContent, NewExtras, Posted, ReadTarget, RoomKey, Seq,
    StreamState, limits::UNREAD_FEW,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::operations::{
    block::Blocking,
    delivered::Delivering,
    mark::Reading,
    mark_unread::{From, Unreading},
    read_all::ReadingAll,
};

#[actix::test]
async fn a_mark_says_from_whom_it_is_kept() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let den = bench.room("den", &ann);
    bench.add(&den, &ben).expect("added");
    let Direct { room: direct, .. } = bench.direct("d", [&ann, &ben]).expect("opened");
    bench.say(&den, &ben, 1);
    bench.say(&direct, &ben, 1);
    bench.one(Blocking { user: ann.key, other: ben.key, blocks: true, at: AT }).expect("blocked");
    let kept_from = |by: &MarkedBy| (by.is_hidden, by.blocked.to_vec());
    let seq = Seq(1);
    let delivered = bench.one(Delivering { room: den.key, user: ann.key, seq });
    let Ok(Marked { moved: Some(by), .. }) = delivered else {
        panic!("not marked: {delivered:?}");
    };
    assert_eq!((by.id.as_str(), kept_from(&by)), ("ann", (false, vec![ben.key])));
    let read = bench.one(ReadingAll { user: ann.key, at: AT }).expect("marked");
    let mut read: Vec<_> =
        read.rooms.iter().map(|one| (one.key, one.by.as_ref().map(kept_from))).collect();
    read.sort_unstable_by_key(|(room, _)| *room);
    assert_eq!(
        read,
        [(den.key, Some((false, vec![ben.key]))), (direct.key, Some((true, vec![ben.key])))],
        "in the room of two nobody hears of it"
    );
}

/// What is known is brought forward: as if it were counted anew, whatever
/// happens in between.
#[actix::test]
async fn what_is_unread_is_the_same_brought_forward_as_counted_anew() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.add(&room, &ben).expect("added");
    let many = usize::try_from(UNREAD_FEW).expect("small") + 100;
    bench.say(&room, &ann, many);
    let reader = bench.database.reader.clone();
    let mut random = StdRng::seed_from_u64(1);
    let mentioning = |text: &str| Mentioned::find(text);
    let mut ids = Vec::new();
    for step in 0..300 {
        let picked =
            |random: &mut StdRng, ids: &[MessageId]| ids[random.random_range(0..ids.len())];
        match random.random_range(0..12) {
            0..3 => {
                let text = ["@ben", "@room", "nobody"][random.random_range(0..3)];
                let extras = NewExtras { mentioned: mentioning(text), ..NewExtras::default() };
                if extras.mentioned.is_empty() {
                    bench.say(&room, &ann, 3);
                } else {
                    ids.push(bench.rich(&room, &ann, extras));
                }
            }
            3 if step % 2 == 0 => bench.say(&room, &ben, 2),
            3 => {
                let posted = Posted { silent: true, ..Posted::default() };
                let mentioned = mentioning("@ben");
                let extras = NewExtras { posted, mentioned, ..NewExtras::default() };
                ids.push(bench.rich(&room, &ann, extras));
            }
            4 => ids.push(bench.plain(&room, &ann)),
            5 if !ids.is_empty() => {
                let id = picked(&mut random, &ids);
                let _ = bench.change(id, &ann, Change::Delete);
            }
            6 if !ids.is_empty() => {
                let mentioned = mentioning(["@ben", "none"][random.random_range(0..2)]);
                let content = format!("edited {step}").into();
                let id = picked(&mut random, &ids);
                let content = Some((content, mentioned));
                let new = NewContent { content, ..NewContent::default() };
                let _ = bench.change(id, &ann, Change::Edit(new));
            }
            7 if !ids.is_empty() => {
                // Also of a tombstone, which thereby changes once more.
                let thread = Some(picked(&mut random, &ids));
                let (in_room, mentioned) = (step % 2 == 0, mentioning("@ben"));
                let extras = NewExtras { thread, in_room, mentioned, ..NewExtras::default() };
                let plain = bench.message(room.key, &ann, None);
                // Refused where the thread has not begun before its root went.
                let reply = NewMessage { extras: Some(Box::new(extras)), ..plain };
                let _ = bench.one(reply);
            }
            8 => {
                let head = reader.room_state(room.key, ann.key).await.expect("read");
                let head = head.expect("a member").1;
                // Mostly a little, so that much stays.
                let seq = Seq(i64::from(random.random_range(0..40_i32)) + i64::from(step % 50));
                let target = ReadTarget::Seq(seq.min(head));
                let user = ben.key;
                bench.one(Reading { room: room.key, user, target, at: AT }).expect("read");
            }
            9 if step % 60 == 59 => {
                let upto = Seq(i64::from(step) / 4);
                bench.one(ClearRoom { room: room.key, upto: Some(upto) }).expect("trimmed");
                bench.purge_all(&room);
            }
            9 => {
                let from = From::Seq(Seq(i64::from(random.random_range(1..400_i32))));
                bench.one(Unreading { room: room.key, user: ben.key, from }).expect("marked");
            }
            10 => {
                let thread = (step % 3 == 0).then(|| ids.last().copied()).flatten();
                let extras = NewExtras { thread, is_streaming: true, ..NewExtras::default() };
                let plain = bench.message(room.key, &ann, None);
                let new = NewMessage { extras: Some(Box::new(extras)), ..plain };
                ids.extend(bench.one(new).map(|sent| sent.stored.id));
            }
            11 if !ids.is_empty() => {
                let content = ["@ben, at last", "at last"][random.random_range(0..2)];
                let (state, metadata) = (StreamState::Finished, None);
                let end = StreamEnd { state, content: Some(content.into()), metadata };
                let (message, by) = (picked(&mut random, &ids), Some((ann.key, false)));
                // Refused where it is cleared by now.
                let _ = bench.one(EndStream { message, by, unheard_since: None, end, at: AT });
            }
            _ => {}
        }
        let of = async |reader: &Reader| reader.rooms_after(ben.key, RoomKey(0), 10).await;
        let known = of(&reader).await.expect("read");
        let anew = of(&reader.knowing_nothing()).await.expect("read");
        assert_eq!(known, anew, "step {step}");
    }
}

/// The floor moves, and rows go, between the look at the mark and the count.
#[actix::test]
async fn what_is_trimmed_while_it_is_brought_forward_is_not_counted() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.add(&room, &ben).expect("added");
    let reader = bench.database.reader.clone();
    let many = UNREAD_FEW + 400;
    bench.say(&room, &ann, usize::try_from(many).expect("small"));
    let unread = async |from: i64, floor: i64, head: i64| {
        let counted = reader.unread_from(ben.key, room.key, (from, floor), Seq(head)).await;
        counted.expect("read").expect("a member")
    };
    assert_eq!(unread(0, 0, many).await, many);
    bench.say(&room, &ann, 10);
    let target = ReadTarget::Seq(Seq(100));
    bench.one(Reading { room: room.key, user: ben.key, target, at: AT }).expect("read");
    // As it was seen before the trim: what has been read would be taken off
    // what was counted, but is not there any more.
    bench.one(ClearRoom { room: room.key, upto: Some(Seq(50)) }).expect("trimmed");
    bench.purge_all(&room);
    assert_eq!(unread(100, 0, many + 10).await, many - 90);
}

#[actix::test]
async fn what_was_counted_once_is_not_counted_again() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    bench.add(&room, &ben).expect("added");
    bench.say(&room, &ann, 600);
    let reader = bench.database.reader.clone();
    let unread = async |reader: &Reader| {
        let state = reader.room_state(room.key, ben.key).await.expect("read");
        state.expect("a member").0.unread
    };
    assert_eq!(unread(&reader).await, 600);
    // Rows that went without a word: who looks at them again notices.
    bench.run("DELETE FROM messages WHERE seq <= 600");
    assert_eq!(unread(&reader).await, 600);
    bench.say(&room, &ann, 3);
    assert_eq!(unread(&reader).await, 603, "only what is new was looked at");
    assert_eq!(unread(&reader.knowing_nothing()).await, 3);
}
