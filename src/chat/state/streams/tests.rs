use super::*;
use parlor_domain::{RoomId, RoomKind, limits::STREAM_LEFT};

const BYTES: usize = 64;
const ID: MessageId = MessageId(7);
const ANN: UserKey = UserKey(1);

fn room() -> Arc<Room> {
    Arc::new(Room::sample(1, RoomKind::Private))
}

/// One that is being written by Ann over a connection.
fn begun(now: Instant) -> Streams {
    let mut streams = Streams::default();
    streams.prepare(ID, (room(), ANN, ANN), (None, false), 0, now);
    streams.begin(ID, Seq(1), Some(SessionId(5)), now);
    streams
}

fn piece(text: &str, offset: Option<usize>) -> Append<'_> {
    Append { text, offset, metadata: None, session: Some(SessionId(5)) }
}

fn say(streams: &mut Streams, text: &str, now: Instant) -> Result<usize, Unsaid> {
    streams.append(ID, ANN, piece(text, None), BYTES, now)
}

fn told(streams: &mut Streams) -> Vec<(u32, usize, String)> {
    let news = streams.take_news();
    news.into_iter().map(|news| (news.step, news.offset, news.fresh().to_owned())).collect()
}

#[test]
fn readers_are_told_each_piece_once_and_together_what_was_said_together() {
    let now = Instant::now();
    let mut streams = begun(now);
    assert!(told(&mut streams).is_empty());
    assert_eq!(say(&mut streams, "ä", now), Ok(1));
    assert_eq!(say(&mut streams, "bc", now), Ok(3));
    assert_eq!(told(&mut streams), [(1, 0, "äbc".to_owned())]);
    say(&mut streams, "d", now).expect("said");
    let standing = streams.standing();
    let [(news, 0)] = &standing[..] else { panic!("{standing:?}") };
    assert_eq!((&*news.text, news.step, news.is_fresh), ("äbc", 1, false), "as it was told");
    assert_eq!(told(&mut streams), [(2, 3, "d".to_owned())]);
    assert!(told(&mut streams).is_empty());
}

#[test]
fn a_piece_that_overlaps_adds_the_rest_and_one_behind_a_gap_nothing() {
    let now = Instant::now();
    let (mut streams, long) = (begun(now), "x".repeat(BYTES));
    let mut put = |text, offset| streams.append(ID, ANN, piece(text, Some(offset)), BYTES, now);
    assert_eq!(put("äb", 0), Ok(2));
    assert_eq!(put("äbc", 0), Ok(3));
    assert_eq!(put("b", 1), Ok(3));
    assert_eq!(put("e", 4), Err(Unsaid::Gap(3)));
    assert_eq!(put(&long, 3), Err(Unsaid::TooLong));
    assert_eq!(put("d", 3), Ok(4));
}

#[test]
fn only_its_writer_goes_on_and_nobody_behind_its_end() {
    let now = Instant::now();
    let mut streams = begun(now);
    let by = |streams: &mut Streams, by| streams.append(ID, by, piece("x", None), BYTES, now);
    assert_eq!(by(&mut streams, UserKey(2)), Err(Unsaid::NotHere));
    assert_eq!(streams.ending(ID, Some(UserKey(2))), None);
    assert_eq!(by(&mut streams, ANN), Ok(1));
    assert_eq!(streams.ending(ID, Some(ANN)), Some(("x".into(), None)));
    assert_eq!(by(&mut streams, ANN), Err(Unsaid::NotHere), "its end is being stored");
    assert!(streams.take_news().is_empty() && streams.take_due(now + STREAM_HEARD).is_empty());
    streams.not_ended(ID);
    assert_eq!(told(&mut streams), [(1, 0, "x".to_owned())], "it goes on");
    assert_eq!(by(&mut streams, ANN), Ok(2));
    assert!(streams.ended(ID).is_some() && streams.is_empty());
}

#[test]
fn what_was_said_is_stored_once_a_second_and_that_somebody_is_there_now_and_then() {
    let now = Instant::now();
    let mut streams = begun(now);
    say(&mut streams, "one", now).expect("said");
    let due = |streams: &mut Streams, after| {
        let mut all: Vec<Due> = streams.take_due(now + after).into_values().collect();
        assert!(all.len() <= 1, "one a room");
        all.pop().unwrap_or_default()
    };
    assert_eq!(due(&mut streams, STREAM_STORED / 2), Due::default());
    let said = due(&mut streams, STREAM_STORED);
    assert_eq!((&said.heard[..], &said.said[..]), (&[ID][..], &[(ID, "one".into(), None)][..]));
    assert_eq!(due(&mut streams, STREAM_STORED * 2), Due::default(), "nothing more was said");
    streams.unstored(&said);
    assert_eq!(due(&mut streams, STREAM_STORED * 2).said.len(), 1, "it failed");
    let heard = Due { said: Vec::new(), heard: vec![ID] };
    assert_eq!(due(&mut streams, STREAM_STORED * 2 + STREAM_HEARD), heard);
}

#[test]
fn a_writer_who_is_silent_or_away_for_too_long_ends_it() {
    let now = Instant::now();
    let mut streams = begun(now);
    say(&mut streams, "", now + STREAM_SILENCE / 2).expect("a sign of life");
    assert_eq!(streams.overdue(now + STREAM_SILENCE), []);
    assert_eq!(streams.overdue(now + STREAM_SILENCE * 3 / 2), [ID]);
    let mut streams = begun(now);
    let (stopped, watching) = oneshot::channel();
    streams.watch(ID, ANN, stopped);
    assert_eq!(streams.overdue(now), []);
    drop(watching);
    assert_eq!(streams.overdue(now), [ID], "the request that wrote it is over");
    let mut streams = begun(now);
    streams.session_ended(SessionId(6), now);
    assert_eq!(streams.overdue(now + STREAM_ABSENCE), [], "another one's");
    streams.session_ended(SessionId(5), now);
    assert_eq!(streams.overdue(now + STREAM_ABSENCE), [ID]);
    say(&mut streams, "back", now + STREAM_ABSENCE).expect("said");
    assert_eq!(streams.overdue(now + STREAM_ABSENCE * 2), []);
}

#[test]
fn a_user_and_a_room_have_so_many_at_a_time() {
    let (now, room) = (Instant::now(), room());
    let mut streams = Streams::default();
    for n in 0..STREAMS_PER_ROOM as i64 {
        let (id, user) = (MessageId(n), UserKey(n / STREAMS_PER_USER as i64));
        assert!(streams.has_place(room.key, user, false), "{n}");
        streams.prepare(id, (room.clone(), user, user), (None, false), 0, now);
    }
    assert!(!streams.has_place(RoomKey(99), UserKey(0), false), "the user writes as many");
    assert!(streams.has_place(RoomKey(99), UserKey(0), true), "for the application");
    assert!(!streams.has_place(room.key, UserKey(99), true), "the room has as many");
    assert!(streams.has_place(RoomKey(99), UserKey(99), false));
    streams.ended(MessageId(0));
    assert!(streams.has_place(room.key, UserKey(0), false));
}

// Of other nodes

fn part(offset: usize, text: &str, stored: usize) -> crate::chat::StreamPart {
    let (room, seq, metadata, has_ended) = (RoomKey(1), Seq(1), None, false);
    let text = text.into();
    crate::chat::StreamPart { message: ID, room, seq, offset, text, metadata, stored, has_ended }
}

fn hear(others: &mut Others, part: &crate::chat::StreamPart) -> Option<(u32, usize, String)> {
    match others.heard(part, &RoomId::from_stored("r"), BYTES, Instant::now()) {
        Taken::Tell(news) => Some((news.step, news.offset, news.fresh().to_owned())),
        Taken::Read | Taken::Nothing => None,
    }
}

#[test]
fn what_another_node_says_from_the_beginning_is_told_as_it_comes() {
    let mut others = Others::default();
    assert_eq!(hear(&mut others, &part(0, "äb", 0)), Some((1, 0, "äb".to_owned())));
    assert_eq!(hear(&mut others, &part(2, "c", 0)), Some((2, 2, "c".to_owned())));
    assert_eq!(hear(&mut others, &part(2, "c", 0)), Some((2, 3, String::new())), "again");
    assert_eq!(hear(&mut others, &part(3, "", 3)), Some((2, 3, String::new())), "how it stands");
}

#[test]
fn what_was_missed_is_read_as_soon_as_it_is_stored() {
    let mut others = Others::default();
    let id = RoomId::from_stored("r");
    assert_eq!(hear(&mut others, &part(3, "d", 0)), None, "what is before it is missing");
    assert_eq!(hear(&mut others, &part(4, "e", 2)), None, "not all of that is stored");
    let read = others.heard(&part(5, "", 4), &id, BYTES, Instant::now());
    assert!(matches!(read, Taken::Read));
    let again = others.heard(&part(5, "", 4), &id, BYTES, Instant::now());
    assert!(matches!(again, Taken::Nothing), "it is being read");
    assert_eq!(hear(&mut others, &part(5, "f", 4)), None);
    others.read(ID, Some("abcd"), BYTES);
    let (step, offset, text) = hear(&mut others, &part(6, "", 4)).expect("complete");
    assert_eq!((offset, text), (0, "abcdef".to_owned()));
    assert!(step > 1, "who was told something before needs no piece in between");
    // A gap in the middle is the same, and so is a database that could not be asked.
    assert_eq!(hear(&mut others, &part(8, "i", 0)), None);
    let read = others.heard(&part(9, "", 8), &id, BYTES, Instant::now());
    assert!(matches!(read, Taken::Read));
    others.read(ID, None, BYTES);
    let read = others.heard(&part(9, "", 8), &id, BYTES, Instant::now());
    assert!(matches!(read, Taken::Read), "it is tried again");
    others.read(ID, Some("abcdefgh"), BYTES);
    let (later, _, text) = hear(&mut others, &part(9, "j", 8)).expect("complete");
    assert_eq!(text, "abcdefghij");
    assert!(later > step + 1, "nobody who was told the text before takes it for the next piece");
}

#[test]
fn one_of_which_nothing_is_heard_any_more_is_forgotten() {
    let (mut others, now) = (Others::default(), Instant::now());
    hear(&mut others, &part(0, "a", 0));
    assert_eq!(others.take_lost(now), []);
    assert_eq!(others.take_lost(now + STREAM_LEFT * 2), [(ID, RoomKey(1))]);
    assert!(others.is_empty() && others.ended(ID).is_none());
}
