//! A reader that stops reading costs the others nothing.

use serde_json::json;

use crate::support::{RawSocket, Server, Socket};

const STUCK: usize = 10;
const MESSAGES: usize = 1_200;
const CONTENT_BYTES: usize = 16_000;

/// Messages that are under way at once.
const ROUND: usize = 10;

/// Sends some messages and waits until they are stored.
async fn say_some(socket: &mut Socket) {
    let content = "x".repeat(CONTENT_BYTES);
    let mut requests = Vec::new();
    for _ in 0..ROUND {
        let data = json!({"room_id": "den", "content": content});
        requests.push(socket.begin("message.send", data).await);
    }
    for id in &requests {
        socket.answer(id).await.expect("granted");
    }
    socket.told_so_far().await;
}

#[tokio::test]
async fn readers_that_stop_are_let_go_and_slow_nobody_and_cost_little_memory() {
    let server = Server::builder()
        .set("PARLOR_QUEUED_BYTES", 256 * 1024)
        .set("PARLOR_REPLAY_EVENTS", MESSAGES)
        .start()
        .await;
    let alice = server.user("alice").await;
    let (ben, slow) = (server.user("ben").await, server.user("slow").await);
    alice.room_with("den", &[&ben, &slow]).await;
    let mut at_ben = ben.connect().await;
    let mut stuck = Vec::new();
    for _ in 0..STUCK {
        stuck.push(RawSocket::connect_narrow(server.address(), slow.token()).await);
    }
    let before = server.resident_bytes();
    let mut at_alice = alice.connect().await;
    let mut most = before;
    for round in 0..MESSAGES / ROUND {
        say_some(&mut at_alice).await;
        for seq in 1..=ROUND {
            let seq = (round * ROUND + seq) as i64;
            assert_eq!(at_ben.next_message("den").await["seq"], seq);
        }
        most = most.max(server.resident_bytes());
    }
    // Without a bound each of them would have been owed 18 MiB.
    let grown = most.saturating_sub(before);
    assert!(grown < 48 << 20, "{} MiB for {STUCK} stuck readers", grown >> 20);

    // What it was told before is whole, then it is over.
    for mut socket in stuck {
        let mut last = 0;
        let mut code = None;
        while let Some(frame) = socket.next_frame().await {
            if frame.opcode() == crate::support::Frame::CLOSE {
                code = frame.payload.first_chunk().copied().map(u16::from_be_bytes);
            } else {
                last += 1;
                let event: serde_json::Value =
                    serde_json::from_slice(&frame.payload).expect("frames are whole");
                assert_eq!(event["seq"], last);
            }
        }
        assert!(matches!(code, None | Some(4413)), "closed with {code:?}");
        assert!(last < MESSAGES as i64);
    }
    // And it comes back without loss.
    let (mut socket, answer) = slow.resume(json!({"den": 5})).await;
    assert_eq!(answer["rooms"]["den"]["resync"], false);
    for seq in 6..=MESSAGES {
        assert_eq!(socket.next_message("den").await["seq"], seq as i64);
    }
}

#[tokio::test]
async fn a_reader_that_stops_is_closed_also_when_little_is_sent() {
    let server = Server::builder()
        .set("PARLOR_WRITE_TIMEOUT", "300ms")
        .set("PARLOR_QUEUED_BYTES", 64 << 20)
        .set("PARLOR_QUEUED_FRAMES", 100_000)
        .start()
        .await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut stuck = RawSocket::connect_narrow(server.address(), alice.token()).await;
    let mut at_alice = alice.connect().await;
    for _ in 0..100 {
        say_some(&mut at_alice).await;
    }
    // The queue never filled: it is the write that took too long.
    stuck.ping_until_closed().await;
    alice.get("/me").await.expect(200);
}
