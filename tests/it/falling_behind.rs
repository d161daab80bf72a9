//! Who falls behind in a room, or says so several times at once, is brought up
//! to date from the database: nothing is lost, and nobody is closed for what
//! others say.

use serde_json::json;

use crate::support::{Opening, RawSocket, Server, Socket, User, within};

async fn den(server: &Server) -> (User, User) {
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    alice.room_with("den", &[&ben]).await;
    (alice, ben)
}

async fn say_at_once(socket: &mut Socket, content: &str, count: usize) {
    let mut requests = Vec::new();
    for _ in 0..count {
        let data = json!({"room_id": "den", "content": content});
        requests.push(socket.begin("message.send", data).await);
    }
    for id in &requests {
        socket.answer(id).await.expect("granted");
    }
}

#[tokio::test]
async fn subscribing_several_times_at_once_is_answered_each_time_and_the_room_goes_on() {
    let server = Server::start().await;
    let (alice, ben) = den(&server).await;
    alice.room_with("attic", &[&ben]).await;
    let mut at_alice = alice.connect().await;
    say_at_once(&mut at_alice, "before", 10).await;
    for round in 0..20 {
        let mut socket = ben.connect().await;
        let mut asked = Vec::new();
        for since in [5, 6, 7, 2] {
            let data = json!({"room_id": "den", "since": since});
            asked.push(socket.begin("room.subscribe", data).await);
        }
        asked.push(socket.begin("history", json!({"room_id": "den"})).await);
        asked.push(socket.begin("room.subscribe", json!({"room_id": "attic", "since": 0})).await);
        for id in &asked {
            socket.answer(id).await.expect("granted");
        }
        let seq = at_alice.say("den", "after").await["seq"].clone();
        let event = socket.next_where("what is new", |frame| frame["seq"] == seq).await;
        assert_eq!(event["type"], "message.created", "round {round}");
    }
}

#[tokio::test]
async fn resuming_several_times_at_once_is_answered_each_time_and_the_room_goes_on() {
    let server = Server::start().await;
    let (alice, ben) = den(&server).await;
    let mut at_alice = alice.connect().await;
    say_at_once(&mut at_alice, "before", 10).await;
    for round in 0..20 {
        let opening = Opening::default().bearer(ben.token()).query("resume=1");
        let mut socket = Socket::ready(server.address(), opening).await;
        let mut asked = Vec::new();
        for since in [3, 4, 5] {
            let data = json!({"rooms": {"den": since}});
            asked.push(socket.begin("session.resume", data).await);
        }
        for id in &asked {
            // The second one may be told that it is too late: it is answered.
            let _ = socket.answer(id).await;
        }
        let seq = at_alice.say("den", "after").await["seq"].clone();
        let event = socket.next_where("what is new", |frame| frame["seq"] == seq).await;
        assert_eq!(event["type"], "message.created", "round {round}");
    }
}

/// Far more than its queue holds is committed at once: who reads as fast as
/// it can gets all of it, in order.
#[tokio::test]
async fn a_burst_that_is_more_than_a_queue_closes_nobody_who_reads() {
    const MESSAGES: usize = 96;
    let server = Server::builder()
        .set("PARLOR_QUEUED_BYTES", 256 * 1024)
        .set("PARLOR_COMMANDS_PER_SECOND", 0)
        .set("PARLOR_USER_COMMANDS_PER_SECOND", 0)
        .start()
        .await;
    let (alice, ben) = den(&server).await;
    let mut reader = RawSocket::connect_narrow(server.address(), ben.token()).await;
    let reading = async {
        let mut last = 0;
        while last < MESSAGES as i64 {
            let event = reader.next_json().await;
            if event["type"] == "message.created" {
                last += 1;
                assert_eq!(event["seq"], last);
            }
        }
    };
    // In JSON each is six times as long: some 9 MiB in all.
    let content = format!("x{}", "\u{1}".repeat(16_000));
    let mut at_alice = alice.connect_with("resume=1").await;
    let saying = say_at_once(&mut at_alice, &content, MESSAGES);
    within("all messages", async { tokio::join!(reading, saying) }).await;
}
