//! Whether the other side is still there.

use crate::support::{Frame, RawSocket, Server};

#[tokio::test]
async fn the_server_pings_and_a_mute_socket_is_closed_with_4408() {
    let server = Server::builder()
        .set("PARLOR_HEARTBEAT_INTERVAL", "150ms")
        .set("PARLOR_HEARTBEAT_TIMEOUT", "500ms")
        .start()
        .await;
    let alice = server.user("alice").await;
    let mut socket = RawSocket::connect(server.address(), alice.token()).await;
    assert_eq!(socket.next_frame().await.expect("a ping").opcode(), Frame::PING);
    assert_eq!(socket.close_code().await, Some(4408));
}

#[tokio::test]
async fn pongs_keep_a_socket_and_so_does_any_frame() {
    let server = Server::builder()
        .set("PARLOR_HEARTBEAT_INTERVAL", "100ms")
        .set("PARLOR_HEARTBEAT_TIMEOUT", "600ms")
        .start()
        .await;
    let alice = server.user("alice").await;
    let mut ponging = RawSocket::connect(server.address(), alice.token()).await;
    let mut talking = RawSocket::connect(server.address(), alice.token()).await;
    let mut mute = RawSocket::connect(server.address(), alice.token()).await;
    // 15 pings are more than two timeouts.
    for _ in 0..15 {
        let ping = ponging.next_of(Frame::PING).await;
        ponging.send(Frame::new(Frame::PONG, ping.payload)).await;
        talking.next_of(Frame::PING).await;
        talking.send(Frame::text(r#"{"type":"ping","id":"p"}"#)).await;
        assert_eq!(talking.next_json().await["type"], "pong");
    }
    assert_eq!(mute.close_code().await, Some(4408), "the one beside them is the clock");
}

#[tokio::test]
async fn the_interval_is_told() {
    let server = Server::builder().set("PARLOR_HEARTBEAT_INTERVAL", "7s").start().await;
    let socket = server.user("alice").await.connect().await;
    assert_eq!(socket.ready["heartbeat_interval_ms"], 7_000);
}
