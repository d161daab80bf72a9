//! Who is meant by an `@`, and the numbers against a count of our own.

use serde_json::{Value, json};

use crate::support::{Server, User, id_of};

#[tokio::test]
async fn members_who_are_meant_are_named_and_others_are_text() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben.k").await);
    let _cleo = server.user("cleo").await;
    ann.room_with("den", &[&ben]).await;
    let mut at_ben = ben.connect().await;
    for (content, expected) in [
        ("hi @ben.k.", json!({"user_ids": ["ben.k"], "room": false})),
        ("@ann, @ben.k and @ann", json!({"user_ids": ["ann", "ben.k"], "room": false})),
        ("@room: lunch", json!({"user_ids": [], "room": true})),
        ("(@ben.k) @room", json!({"user_ids": ["ben.k"], "room": true})),
        ("@cleo is no member", Value::Null),
        ("mail ann@ben.k", Value::Null),
        ("nobody @ all @@", Value::Null),
        ("read https://medium.com/@ben.k/why", Value::Null),
        ("and medium.com/@ben.k", Value::Null),
        ("mail josé@ben.k", Value::Null),
    ] {
        ann.say("den", content).await;
        let told = at_ben.next_message("den").await;
        assert_eq!(told["data"]["mentions"], expected, "{content}");
        let page = ben.history("den", "limit=1").await;
        assert_eq!(page["messages"][0], told["data"], "history says the same");
    }
}

#[tokio::test]
async fn mentions_are_bounded() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let content: String = (0..2_000).map(|number| format!("@u{number} ")).collect();
    ann.say("den", &content).await;
    ann.say("den", &"@".repeat(10_000)).await;
    ann.say("den", &"@a....................................................".repeat(200)).await;
}

#[tokio::test]
async fn an_edit_moves_the_mentions_and_a_deletion_takes_them_away() {
    let server = Server::start().await;
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let cleo = server.user("cleo").await;
    ann.room_with("den", &[&ben, &cleo]).await;
    let mentions = async |user: &User| user.read_state("den").await["mentions"].clone();
    let id = ann.say_id("den", "hi @ben").await;
    assert_eq!((mentions(&ben).await, mentions(&cleo).await), (json!(1), json!(0)));
    ann.edit(&id, "hi @cleo").await.expect(200);
    assert_eq!((mentions(&ben).await, mentions(&cleo).await), (json!(0), json!(1)));
    ann.edit(&id, "hi @room").await.expect(200);
    assert_eq!((mentions(&ben).await, mentions(&cleo).await), (json!(1), json!(1)));
    assert_eq!(mentions(&ann).await, json!(0), "nobody mentions themselves");
    ann.edit(&id, "hi").await.expect(200);
    assert_eq!(ben.message(&id).await.expect(200)["mentions"], Value::Null);
    ann.edit(&id, "hi @ben and @room").await.expect(200);
    assert_eq!(mentions(&ben).await, json!(1), "once, however often");
    ben.mark_read("den", 1).await;
    ann.edit(&id, "oh @ben").await.expect(200);
    assert_eq!(mentions(&ben).await, json!(0), "it was read");
    assert_eq!(mentions(&cleo).await, json!(0));
    ann.erase(&id).await.expect(200);
    let gone = cleo.message(&id).await.expect(200);
    assert_eq!((&gone["mentions"], &gone["content"]), (&Value::Null, &json!("")));
}

/// Our own count of a room.
#[derive(Default)]
struct Ledger {
    messages: Vec<Entry>,
    head: i64,
}

struct Entry {
    id: String,
    seq: i64,
    sender: usize,
    mentioned: Vec<usize>,
    deleted: bool,
}

impl Ledger {
    fn of(&self, user: usize, read: i64) -> (i64, i64) {
        let unread = |entry: &&Entry| !entry.deleted && entry.seq > read && entry.sender != user;
        let unread: Vec<&Entry> = self.messages.iter().filter(unread).collect();
        let mentions = unread.iter().filter(|entry| entry.mentioned.contains(&user)).count();
        (unread.len() as i64, mentions as i64)
    }
}

/// What is said, and whom it mentions.
fn content(choice: usize, salt: usize) -> (String, Vec<usize>) {
    match choice % 5 {
        0 => (format!("plain {salt}"), vec![]),
        1 => (format!("@u1 {salt}"), vec![1]),
        2 => (format!("@room {salt}"), vec![0, 1, 2]),
        3 => (format!("@u0, @u2: {salt}"), vec![0, 2]),
        _ => (format!("@u1 and @room {salt}"), vec![0, 1, 2]),
    }
}

#[tokio::test]
async fn the_numbers_are_right_whatever_happens() {
    let server = Server::start().await;
    let mut users = Vec::new();
    for number in 0..3 {
        users.push(server.user(&format!("u{number}")).await);
    }
    users[0].room_with("den", &[&users[1], &users[2]]).await;
    let mut ledger = Ledger::default();
    let mut read = [0_i64; 3];
    let mut seed: u64 = 0x5eed;
    let mut chance = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for step in 0..250 {
        let who = chance(3);
        let user = &users[who];
        let own: Vec<usize> = (0..ledger.messages.len())
            .filter(|at| ledger.messages[*at].sender == who && !ledger.messages[*at].deleted)
            .collect();
        match chance(10) {
            0..=4 => {
                let (text, mentioned) = content(chance(5), step);
                let ack = user.say("den", &text).await;
                ledger.head = ack["seq"].as_i64().expect("a position");
                let (id, seq) = (id_of(&ack), ledger.head);
                ledger.messages.push(Entry { id, seq, sender: who, mentioned, deleted: false });
            }
            5 | 6 if !own.is_empty() => {
                let at = own[chance(own.len())];
                let (text, mentioned) = content(chance(5), step);
                user.edit(&ledger.messages[at].id, &text).await.expect(200);
                ledger.messages[at].mentioned = mentioned;
            }
            7 if !own.is_empty() => {
                let at = own[chance(own.len())];
                user.erase(&ledger.messages[at].id).await.expect(200);
                ledger.messages[at].deleted = true;
            }
            8 => {
                let seq = chance(usize::try_from(ledger.head).expect("small") + 1) as i64;
                user.mark_read("den", seq).await;
                read[who] = read[who].max(seq);
            }
            _ => {}
        }
        let state = user.read_state("den").await;
        let told = (state["unread"].as_i64(), state["mentions"].as_i64());
        let (unread, mentions) = ledger.of(who, read[who]);
        assert_eq!(told, (Some(unread), Some(mentions)), "step {step}, {}", user.id);
    }
    for (who, user) in users.iter().enumerate() {
        let ready = user.connect().await.ready;
        let (unread, mentions) = ledger.of(who, read[who]);
        assert_eq!(ready["rooms"][0]["unread"], unread);
        assert_eq!(ready["rooms"][0]["mentions"], mentions);
    }
}
