//! A reader that stops reading costs the others nothing.

use serde_json::json;

use crate::support::{Frame, Opening, RawSocket, Server, Socket, User, within};

const STUCK: usize = 10;
const MESSAGES: usize = 1_200;
const CONTENT_BYTES: usize = 16_000;

/// Messages on the way at a time: fewer than fit into a reader's queue.
const BURST: usize = 8;

/// Text that does not become much shorter where it is compressed.
fn noise(length: usize) -> String {
    let mut state = 1u64;
    let letter = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'0' + (state >> 58) as u8)
    };
    std::iter::repeat_with(letter).take(length).filter(|c| *c != '\\').collect()
}

/// Sends a burst of big messages, and waits until they are acked.
async fn say_burst(socket: &mut Socket) {
    let content = noise(CONTENT_BYTES);
    let mut requests = Vec::new();
    for _ in 0..BURST {
        let data = json!({"room_id": "den", "content": content});
        requests.push(socket.begin("message.send", data).await);
    }
    for id in &requests {
        socket.answer(id).await.expect("granted");
    }
}

/// Waits until a user who may have one connection only has none.
async fn until_gone(server: &Server, user: &User) {
    let trying = async {
        loop {
            let opening = Opening::default().bearer(user.token());
            let opened = Socket::open(server.address(), opening).await;
            let mut socket = opened.expect("it is upgraded");
            if socket.read().await.is_some() {
                break;
            }
            assert_eq!(socket.close_code().await, Some(4409));
        }
    };
    within("the end of a connection", trying).await;
}

#[tokio::test]
async fn readers_that_stop_are_let_go_and_slow_nobody_and_cost_little_memory() {
    let server = Server::builder()
        .set("PARLOR_QUEUED_BYTES", 256 * 1024)
        .set("PARLOR_REPLAY_EVENTS", MESSAGES)
        .set("PARLOR_WRITE_TIMEOUT", "500ms")
        .start()
        .await;
    let alice = server.user("alice").await;
    let (ben, slow) = (server.user("ben").await, server.user("slow").await);
    alice.room_with("den", &[&ben, &slow]).await;
    let (mut at_alice, mut at_ben) = (alice.connect().await, ben.connect().await);
    let mut stuck = Vec::new();
    for _ in 0..STUCK {
        stuck.push(RawSocket::connect_narrow(server.address(), slow.token()).await);
    }
    let before = server.resident_bytes();
    let mut most = before;
    for burst in 0..MESSAGES / BURST {
        say_burst(&mut at_alice).await;
        for number in 1..=BURST {
            let event = at_ben.next_message("den").await;
            assert_eq!(event["seq"], (burst * BURST + number) as i64);
        }
        at_alice.next_messages("den", BURST).await;
        most = most.max(server.resident_bytes());
    }
    // Without a bound each of them would have been owed 18 MiB.
    let grown = most - before;
    assert!(grown < 48 << 20, "{} MiB for {STUCK} stuck readers", grown >> 20);

    // What it was told before is whole, then it is over.
    for mut socket in stuck {
        let mut last = 0;
        let mut code = None;
        while let Some(frame) = socket.next_frame().await {
            if frame.opcode() == Frame::CLOSE {
                code = frame.payload.first_chunk().copied().map(u16::from_be_bytes);
            } else {
                let event: serde_json::Value =
                    serde_json::from_slice(&frame.payload).expect("frames are whole");
                if event["type"] == "message.created" {
                    last += 1;
                    assert_eq!(event["seq"], last);
                }
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
async fn a_reader_that_takes_nothing_is_let_go_also_when_its_queue_is_not_full() {
    let server = Server::builder()
        .set("PARLOR_WRITE_TIMEOUT", "300ms")
        .set("PARLOR_CONNECTIONS_PER_USER", 1)
        .set("PARLOR_QUEUED_BYTES", 64 << 20)
        .set("PARLOR_QUEUED_FRAMES", 100_000)
        .start()
        .await;
    let (alice, slow) = (server.user("alice").await, server.user("slow").await);
    alice.room_with("den", &[&slow]).await;
    let mut socket = alice.connect().await;
    let _stuck = RawSocket::connect_narrow(server.address(), slow.token()).await;
    for _ in 0..20 {
        say_burst(&mut socket).await;
        socket.next_messages("den", BURST).await;
    }
    until_gone(&server, &slow).await;
}
