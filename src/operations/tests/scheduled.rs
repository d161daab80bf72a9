//! Messages that are to be sent later.

use std::sync::Arc;

use parlor_db::{
    DeleteRoom, EraseUser, NewMessage, SettleScheduled, Settled,
    samples::{AT, Bench},
};
use parlor_domain::{
    ClientId, Failed, NewExtras, Room, Scheduled, ScheduledId, StoredMessage, Timestamp, User,
    limits::SCHEDULED_PER_USER,
};

use crate::{
    db::WriteError,
    operations::scheduled::{
        NewScheduled, Scheduling,
        change::{Cancelling, Changing},
    },
};

const THEN: Timestamp = Timestamp(AT.0 + 1_000);

fn schedule(
    bench: &mut Bench,
    room: &Room,
    user: &User,
    client_id: &str,
) -> Result<Scheduling, WriteError> {
    bench.next_id += 1;
    let scheduled = Scheduled {
        id: ScheduledId(bench.next_id),
        room: room.id.clone(),
        client_id: ClientId::from_stored(client_id),
        content: "good morning".into(),
        reply_to: None,
        thread: None,
        in_room: false,
        metadata: None,
        attachments: None,
        send_at: THEN,
        created_at: AT,
        updated_at: AT,
        failed: None,
    };
    let (room, user, scheduled) = (room.key, user.key, Arc::new(scheduled));
    bench.one(NewScheduled { room, user, scheduled, attachments: vec![] })
}

/// Sends what was scheduled as it was read.
fn send(
    bench: &mut Bench,
    room: &Room,
    user: &User,
    scheduled: &Scheduled,
) -> Result<StoredMessage, WriteError> {
    let planned = Some((scheduled.id, scheduled.updated_at));
    let extras = NewExtras { scheduled: planned, ..NewExtras::default() }.boxed();
    let message = bench.message(room.key, user, Some(scheduled.client_id.as_str()));
    bench.one(NewMessage { extras, ..message }).map(|sent| sent.stored)
}

fn change(bench: &Bench, user: &User, id: ScheduledId) -> Result<Scheduled, WriteError> {
    let content = Some("good evening".into());
    bench.one(Changing { user: user.key, id, content, metadata: None, send_at: None, at: AT })
}

async fn due(bench: &Bench, now: Timestamp) -> usize {
    bench.database.reader.due_messages(now, 10).await.expect("read").len()
}

#[actix::test]
async fn it_is_sent_once_as_it_is_and_not_when_it_was_cancelled() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let Scheduling { scheduled: first, is_new } =
        schedule(&mut bench, &room, &ann, "a").expect("scheduled");
    assert!(is_new);
    assert!(!schedule(&mut bench, &room, &ann, "a").expect("known").is_new);
    assert_eq!((due(&bench, Timestamp(THEN.0 - 1)).await, due(&bench, THEN).await), (0, 1));
    let changed = change(&bench, &ann, first.id).expect("changed");
    assert!(changed.updated_at > first.updated_at);
    let early = send(&mut bench, &room, &ann, &first).err();
    assert_eq!(early, Some(WriteError::NoSuchScheduled), "as it was");
    assert!(!send(&mut bench, &room, &ann, &changed).expect("sent").duplicate);
    assert_eq!((due(&bench, THEN).await, bench.count("scheduled")), (0, 0));
    assert!(send(&mut bench, &room, &ann, &changed).expect("known").duplicate);
    let second = schedule(&mut bench, &room, &ann, "b").expect("scheduled").scheduled;
    bench.one(Cancelling { user: ann.key, id: second.id }).expect("cancelled");
    let gone = send(&mut bench, &room, &ann, &second).err();
    assert_eq!(gone, Some(WriteError::NoSuchScheduled));
    assert_eq!(change(&bench, &ann, second.id).err(), Some(WriteError::NoSuchScheduled));
    assert_eq!(bench.count("messages"), 1);
}

#[actix::test]
async fn what_was_refused_is_not_tried_again_until_it_is_changed() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    let first = schedule(&mut bench, &room, &ann, "a").expect("scheduled").scheduled;
    let settle = |bench: &Bench, updated_at, settled| {
        let (user, id, at) = (ann.key, first.id, AT);
        bench.one(SettleScheduled { user, id, updated_at, settled, at }).expect("settled")
    };
    settle(&bench, first.updated_at, Settled::Later(Timestamp(THEN.0 + 5)));
    assert_eq!((due(&bench, THEN).await, due(&bench, Timestamp(THEN.0 + 5)).await), (0, 1));
    let failed = Failed { code: "forbidden".into(), message: "no".into() };
    let refused = || Settled::Refused(failed.clone());
    let kept = settle(&bench, first.updated_at, refused()).expect("it is there");
    assert_eq!(kept.failed.as_ref(), Some(&failed));
    assert_eq!(due(&bench, Timestamp(i64::MAX)).await, 0);
    let stale = settle(&bench, first.updated_at, refused());
    assert_eq!(stale, None, "it is another one by now");
    let again = change(&bench, &ann, first.id).expect("changed");
    assert_eq!((again.failed, due(&bench, THEN).await), (None, 1));
}

#[test]
fn a_user_has_so_many_and_they_end_with_the_room_and_the_user() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let (room, other) = (bench.room("r", &ann), bench.room("other", &ann));
    let stranger = schedule(&mut bench, &room, &ben, "a").err();
    assert!(matches!(stranger, Some(WriteError::Denied(_))), "{stranger:?}");
    for number in 0..SCHEDULED_PER_USER {
        let room = if number % 2 == 0 { &room } else { &other };
        schedule(&mut bench, room, &ann, &number.to_string()).expect("scheduled");
    }
    let more = schedule(&mut bench, &room, &ann, "more").err();
    assert_eq!(more, Some(WriteError::TooManyScheduled));
    bench.one(DeleteRoom { room: room.key }).expect("deleted");
    bench.purge_all(&room);
    assert_eq!(bench.count("scheduled"), SCHEDULED_PER_USER / 2);
    bench.one(EraseUser { user: ann.key, at: AT }).expect("erased");
    assert_eq!(bench.count("scheduled"), 0);
}
