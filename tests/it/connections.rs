//! How many connections a user may have.

use crate::support::{Opening, Server, Socket, within};

#[tokio::test]
async fn one_connection_too_many_is_told_to_come_back() {
    let server = Server::builder().set("PARLOR_CONNECTIONS_PER_USER", 2).start().await;
    let (alice, ben) = (server.user("alice").await, server.user("ben").await);
    let mut first = alice.connect().await;
    let _second = alice.connect().await;
    let opening = || Opening::default().bearer(alice.token());
    let mut third = Socket::open(server.address(), opening()).await.expect("it is upgraded");
    assert_eq!(third.close_code().await, Some(4409));
    // Others are not affected, nor are those that were there.
    ben.connect().await;
    first.told_so_far().await;
}

#[tokio::test]
async fn places_of_connections_that_died_are_free_long_before_the_heartbeat() {
    let server = Server::builder()
        .set("PARLOR_CONNECTIONS_PER_USER", 2)
        .set("PARLOR_WRITE_TIMEOUT", "1s")
        .start()
        .await;
    let alice = server.user("alice").await;
    let mut living = alice.connect().await;
    // Nobody reads it, so its pings are not answered.
    let _dead = alice.connect().await;
    let another = async {
        loop {
            let opening = Opening::default().bearer(alice.token());
            let mut socket = Socket::open(server.address(), opening).await.expect("upgraded");
            if let Some(frame) = socket.read().await {
                return frame;
            }
            assert_eq!(socket.close_code().await, Some(4409));
            // It is there, and says so.
            living.told_so_far().await;
        }
    };
    assert_eq!(within("a place", another).await["type"], "session.ready");
    living.told_so_far().await;
}

#[tokio::test]
async fn a_place_that_is_left_is_free_again() {
    let server = Server::builder().set("PARLOR_CONNECTIONS_PER_USER", 1).start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    for _ in 0..10 {
        let mut socket = alice.connect().await;
        socket.say("den", "hi").await;
        socket
            .send_frame(tokio_tungstenite::tungstenite::Message::Close(None))
            .await
            .expect("the socket is open");
        socket.close_code().await;
    }
}
