//! An orderly end.

use std::{collections::BTreeMap, time::Instant};

use reqwest::Method;
use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;

use crate::support::{
    Opening, RawSocket, Server, Socket, history_of, seqs, stream_until_closed, within,
};

#[tokio::test]
async fn a_planned_stop_amid_a_stream_loses_nothing_that_was_acked() {
    let mut server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let (acks, mut acked) = unbounded_channel();
    let mut streams = Vec::new();
    for number in 0..5 {
        let user = server.user(&format!("user-{number}")).await;
        alice.add_member("den", &user).await.expect(201);
        let (socket, acks) = (user.connect().await, acks.clone());
        let name = format!("s{number}");
        streams.push(tokio::spawn(
            async move { stream_until_closed(socket, "den", &name, acks).await },
        ));
    }
    for _ in 0..50 {
        within("an ack", acked.recv()).await.expect("the senders send");
    }
    let signalled = Instant::now();
    assert_eq!(server.terminate().await, Some(0), "{}", server.stderr());
    assert!(signalled.elapsed().as_secs() < 10, "it took {:?}", signalled.elapsed());

    let mut promised = BTreeMap::new();
    for stream in streams {
        let streamed = stream.await.expect("the sender ends");
        assert_eq!(streamed.close_code, Some(1001));
        let goaway = streamed.events.iter().find(|event| event["type"] == "server.goaway");
        let data = &goaway.expect("it is told before it is closed")["data"];
        assert!(data["reason"].is_string(), "{data}");
        assert!(data["reconnect_after_ms"].is_u64(), "{data}");
        promised.extend(streamed.acked);
    }
    server.start_again().await;
    let history = history_of(&alice, "den").await;
    assert_eq!(seqs(&history), (1..=history.len() as i64).collect::<Vec<i64>>());
    for (client_id, ack) in promised {
        let stored = history.iter().find(|message| message["client_id"] == client_id.as_str());
        let stored = stored.unwrap_or_else(|| panic!("{client_id} was acked and is lost"));
        assert_eq!(stored["seq"], ack["seq"]);
        assert_eq!(stored["message_id"], ack["message_id"]);
    }
}

#[tokio::test]
async fn an_idle_server_stops_at_once_and_tells_its_clients() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let mut server = Server::start().await;
        let mut socket = server.user("alice").await.connect().await;
        let opened = Socket::open(server.address(), Opening::default()).await;
        let mut unknown = opened.expect("a socket opens without a token");
        server.signal(signal);
        socket.next_event("server.goaway").await;
        assert_eq!(socket.close_code().await, Some(1001));
        unknown.close_code().await;
        assert_eq!(server.exit_code().await, Some(0));
    }
}

#[tokio::test]
async fn a_reader_that_does_not_read_does_not_hold_up_the_end() {
    let mut server = Server::builder().set("PARLOR_DRAIN_TIMEOUT", "2s").start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut stuck = RawSocket::connect_narrow(server.address(), alice.token()).await;
    let mut socket = alice.connect().await;
    let content = "x".repeat(16_000);
    for _ in 0..40 {
        socket.say("den", &content).await;
    }
    let signalled = Instant::now();
    assert_eq!(server.terminate().await, Some(0));
    assert!(signalled.elapsed().as_secs() < 10, "it took {:?}", signalled.elapsed());
    while stuck.next_frame().await.is_some() {}
}

#[tokio::test]
async fn who_comes_during_the_stop_is_not_served() {
    let mut server = Server::start().await;
    let alice = server.user("alice").await;
    let mut socket = alice.connect().await;
    server.signal(libc::SIGTERM);
    socket.next_event("server.goaway").await;
    // Either the port is closed already or the answer says to come back.
    let request = alice.request(reqwest::Method::POST, "/rooms").json(&json!({}));
    if let Ok(response) = request.send().await {
        assert_eq!(response.status().as_u16(), 503);
    }
    assert_eq!(server.exit_code().await, Some(0));
}

#[tokio::test]
async fn ready_turns_red_first_and_what_is_open_goes_on_until_the_balancer_has_seen_it() {
    let mut server = Server::builder().set("PARLOR_DRAIN_DELAY", "1s").start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    let mut socket = ann.connect().await;
    server.signal(libc::SIGTERM);
    let red = async {
        while ann.plain(Method::GET, "/health/ready").send().await.expect("answered").status()
            != 503
        {
            tokio::task::yield_now().await;
        }
    };
    within("ready to turn red", red).await;
    // Nobody has been told to go yet.
    assert_eq!(socket.say("den", "still here").await["seq"], 1);
    let told = socket.told_so_far().await;
    assert!(told.iter().all(|frame| frame["type"] != "server.goaway"), "{told:?}");
    socket.next_event("server.goaway").await;
    assert_eq!(server.exit_code().await, Some(0));
}
