//! Coming back without loss.

use serde_json::{Value, json};

use crate::support::{Opening, Server, Socket, User, seqs};

async fn den(server: &Server) -> (User, User) {
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("den", &[&ben]).await;
    (alice, ben)
}

async fn say_many(socket: &mut Socket, room: &str, count: usize) {
    let mut requests = Vec::new();
    for _ in 0..count {
        let data = json!({"room_id": room, "content": "missed"});
        requests.push(socket.begin("message.send", data).await);
    }
    for id in &requests {
        socket.answer(id).await.expect("granted");
    }
}

#[tokio::test]
async fn what_was_missed_comes_first_then_the_ack_then_what_is_new() {
    let server = Server::start().await;
    let (alice, ben) = den(&server).await;
    let mut at_alice = alice.connect().await;
    at_alice.say("den", "seen").await;
    say_many(&mut at_alice, "den", 3).await;

    let mut socket = ben.connect_with("resume=1").await;
    let id = socket.begin("session.resume", json!({"rooms": {"den": 1}})).await;
    for seq in 2..=4 {
        let frame = socket.next().await;
        assert_eq!((&frame["type"], &frame["seq"]), (&json!("message.created"), &json!(seq)));
    }
    let ack = socket.next().await;
    assert_eq!(ack["id"], id.as_str());
    let room = &ack["data"]["rooms"]["den"];
    assert_eq!((&room["replayed"], &room["last_seq"]), (&json!(3), &json!(4)));
    assert_eq!(room["resync"], false);
    at_alice.say("den", "new").await;
    assert_eq!(socket.next_message("den").await["seq"], 5);
}

#[tokio::test]
async fn nothing_is_live_before_the_resume() {
    let server = Server::start().await;
    let (alice, ben) = den(&server).await;
    let mut socket = ben.connect_with("resume=1").await;
    alice.say("den", "held back").await;
    assert_eq!(socket.told_so_far().await, Vec::<Value>::new());
    let ack = socket.ask("session.resume", json!({"rooms": {"den": 0}})).await;
    assert_eq!(ack["rooms"]["den"]["last_seq"], 1);
    assert_eq!(socket.next_message("den").await["seq"], 1);
}

#[tokio::test]
async fn rooms_that_are_not_named_go_live_where_session_ready_said() {
    let server = Server::start().await;
    let (alice, ben) = den(&server).await;
    alice.room_with("attic", &[&ben]).await;
    alice.say("attic", "not asked for").await;
    let mut socket = ben.connect_with("resume=1").await;
    alice.say("attic", "since then").await;
    socket.ask("session.resume", json!({"rooms": {"den": 0}})).await;
    assert_eq!(socket.next_message("attic").await["seq"], 2);
}

#[tokio::test]
async fn a_room_that_one_unsubscribes_from_before_the_resume_is_not_heard() {
    let server = Server::start().await;
    let (ann, ben) = den(&server).await;
    let mut at_ben = ben.connect_with("resume=1").await;
    at_ben.ask("room.unsubscribe", json!({"room_id": "den"})).await;
    at_ben.ask("session.resume", json!({"rooms": {}})).await;
    ann.say("den", "unheard").await;
    let told = at_ben.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "message.created"), "{told:?}");
}

#[tokio::test]
async fn who_announces_a_resume_and_does_not_is_closed_with_4408() {
    let server = Server::builder().set("PARLOR_AUTH_TIMEOUT", "300ms").start().await;
    let alice = server.user("alice").await;
    let mut socket = alice.connect_with("resume=1").await;
    assert_eq!(socket.close_code().await, Some(4408));
}

#[tokio::test]
async fn no_event_is_lost_or_repeated_by_reconnects_amid_a_stream() {
    let server = Server::start().await;
    let (alice, ben) = den(&server).await;
    const TOTAL: i64 = 600;
    let mut at_alice = alice.connect().await;
    let sending = async move {
        for _ in 0..TOTAL / 20 {
            say_many(&mut at_alice, "den", 20).await;
        }
    };
    let reading = async move {
        let mut last = 0;
        let mut rounds = 0;
        while last < TOTAL {
            rounds += 1;
            let (mut socket, _) = ben.resume(json!({"den": last})).await;
            // Some of it replayed, some live, cut off in the middle of it.
            for _ in 0..25.min(TOTAL - last) {
                let event = socket.next_message("den").await;
                assert_eq!(event["seq"], last + 1);
                last += 1;
            }
        }
        assert!(rounds >= 20);
    };
    tokio::join!(sending, reading);
}

#[tokio::test]
async fn a_subscription_with_since_has_no_gap_to_live_either() {
    let server = Server::start().await;
    let (alice, ben) = den(&server).await;
    let mut at_alice = alice.connect().await;
    let mut socket = ben.connect().await;
    let sending = async move {
        for _ in 0..20 {
            say_many(&mut at_alice, "den", 20).await;
        }
    };
    let reading = async move {
        let mut last = 0;
        while last < 400 {
            socket.ask("room.unsubscribe", json!({"room_id": "den"})).await;
            // What came before it was out is kept, not counted twice.
            for frame in socket.told_so_far().await {
                if frame["type"] == "message.created" {
                    assert_eq!(frame["seq"], last + 1);
                    last += 1;
                }
            }
            let data = json!({"room_id": "den", "since": last});
            let ack = socket.ask("room.subscribe", data).await;
            assert_eq!(ack["resync"], false);
            for _ in 0..ack["replayed"].as_i64().expect("a number") {
                assert_eq!(socket.next_message("den").await["seq"], last + 1);
                last += 1;
            }
            assert!(last <= ack["last_seq"].as_i64().expect("a seq"));
        }
    };
    tokio::join!(sending, reading);
}

#[tokio::test]
async fn a_range_that_cannot_be_served_is_told_and_the_room_is_live_from_its_head() {
    let server = Server::builder().set("PARLOR_REPLAY_EVENTS", 50).start().await;
    let (alice, ben) = den(&server).await;
    alice.room_with("far", &[&ben]).await;
    alice.room_with("cleared", &[&ben]).await;
    let mut at_alice = alice.connect().await;
    say_many(&mut at_alice, "den", 2).await;
    say_many(&mut at_alice, "far", 51).await;
    say_many(&mut at_alice, "cleared", 3).await;
    alice.delete("/rooms/cleared/messages").await.expect(204);

    let named = json!({"den": 9_999, "far": 0, "cleared": 2});
    let (mut socket, answer) = ben.resume(named).await;
    for (room, head) in [("den", 2), ("far", 51), ("cleared", 4)] {
        let told = &answer["rooms"][room];
        assert_eq!(told["resync"], true, "{room}: {told}");
        assert_eq!((&told["last_seq"], &told["replayed"]), (&json!(head), &json!(0)), "{room}");
        assert_eq!(told["room"]["room_id"], room);
        assert_eq!(told["room"]["last_seq"], head, "{room}");
        at_alice.say(room, "live").await;
        assert_eq!(socket.next_message(room).await["seq"], head + 1);
    }
}

#[tokio::test]
async fn as_many_events_as_allowed_are_replayed() {
    let server = Server::builder().set("PARLOR_REPLAY_EVENTS", 50).start().await;
    let (alice, ben) = den(&server).await;
    say_many(&mut alice.connect().await, "den", 51).await;
    let (mut socket, answer) = ben.resume(json!({"den": 1})).await;
    assert_eq!(answer["rooms"]["den"]["replayed"], 50);
    assert_eq!(answer["rooms"]["den"]["resync"], false);
    assert_eq!(seqs(&socket.next_messages("den", 50).await), (2..=51).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_clearing_is_replayed_to_who_saw_all_before_it() {
    let server = Server::start().await;
    let (alice, ben) = den(&server).await;
    alice.say("den", "one").await;
    alice.delete("/rooms/den/messages").await.expect(204);
    alice.say("den", "three").await;
    // Who had seen the clearing has not missed it.
    let (mut socket, answer) = ben.resume(json!({"den": 2})).await;
    assert_eq!(answer["rooms"]["den"]["resync"], false);
    assert_eq!(socket.next_message("den").await["seq"], 3);
}

#[tokio::test]
async fn a_room_one_is_not_in_is_refused_by_itself() {
    let server = Server::start().await;
    let (alice, ben) = den(&server).await;
    alice.create_room("attic", "private").await;
    alice.say("den", "hi").await;
    let (mut socket, answer) = ben.resume(json!({"den": 0, "attic": 0, "nowhere": 0})).await;
    for room in ["attic", "nowhere"] {
        assert_eq!(answer["rooms"][room]["error"]["code"], "not_found", "{answer}");
    }
    assert_eq!(answer["rooms"]["den"]["replayed"], 1);
    assert_eq!(socket.next_message("den").await["seq"], 1);
}

#[tokio::test]
async fn an_idle_reader_can_resume_too() {
    let server = Server::start().await;
    let (alice, ben) = den(&server).await;
    let socket = ben.connect().await;
    assert_eq!(socket.ready["rooms"][0]["last_seq"], 0);
    drop(socket);
    let (mut socket, answer) = ben.resume(json!({"den": 0})).await;
    let room = &answer["rooms"]["den"];
    assert_eq!((&room["last_seq"], &room["resync"]), (&json!(0), &json!(false)));
    alice.say("den", "first").await;
    assert_eq!(socket.next_message("den").await["seq"], 1);
}

#[tokio::test]
async fn a_resume_works_over_a_restart() {
    let mut server = Server::start().await;
    let (alice, ben) = den(&server).await;
    say_many(&mut alice.connect().await, "den", 3).await;
    server.restart().await;
    say_many(&mut alice.connect().await, "den", 3).await;
    let (mut socket, answer) = ben.resume(json!({"den": 2})).await;
    assert_eq!(answer["rooms"]["den"]["replayed"], 4);
    assert_eq!(seqs(&socket.next_messages("den", 4).await), [3, 4, 5, 6]);
}

#[tokio::test]
async fn many_rooms_are_resumed_in_one_round_trip() {
    let server = Server::start().await;
    let (alice, ben) = den(&server).await;
    let mut named = serde_json::Map::new();
    for number in 0..30 {
        let room = format!("room-{number}");
        alice.room_with(&room, &[&ben]).await;
        alice.say(&room, "missed").await;
        named.insert(room, json!(0));
    }
    let opening = Opening::default().bearer(ben.token()).query("resume=1");
    let mut socket = Socket::ready(server.address(), opening).await;
    let answer = socket.ask("session.resume", json!({"rooms": named})).await;
    for number in 0..30 {
        let room = format!("room-{number}");
        assert_eq!(answer["rooms"][&room]["replayed"], 1, "{room}");
        assert_eq!(socket.next_message(&room).await["seq"], 1);
    }
}

#[tokio::test]
async fn subscribing_again_to_what_one_hears_repeats_nothing() {
    let server = Server::start().await;
    let (alice, ben) = den(&server).await;
    let (mut at_alice, mut at_ben) = (alice.connect().await, ben.connect().await);
    for _ in 0..20 {
        // The room is read while messages commit; both are told in between.
        let again = at_ben.begin("room.subscribe", json!({"room_id": "den"})).await;
        say_many(&mut at_alice, "den", 5).await;
        at_ben.answer(&again).await.expect("granted");
    }
    for seq in 1..=100 {
        assert_eq!(at_ben.next_message("den").await["seq"], seq);
    }
    let told = at_ben.told_so_far().await;
    assert_eq!(seqs(told.iter().filter(|frame| frame["type"] != "presence")), Vec::<i64>::new());
}

#[tokio::test]
async fn a_resume_that_does_not_wait_for_session_ready_loses_nothing() {
    let server = Server::start().await;
    let (alice, ben) = den(&server).await;
    let mut at_alice = alice.connect().await;
    say_many(&mut at_alice, "den", 3).await;
    for _ in 0..20 {
        let opening = Opening::default().bearer(ben.token()).query("resume=1");
        let mut socket = Socket::open(server.address(), opening).await.expect("an upgrade");
        let id = socket.begin("session.resume", json!({"rooms": {"den": 0}})).await;
        socket.become_ready().await;
        let ack = socket.answer(&id).await.expect("granted");
        assert_eq!(ack["rooms"]["den"]["replayed"], 3);
        for seq in 1..=3 {
            assert_eq!(socket.next_message("den").await["seq"], seq);
        }
    }
}
