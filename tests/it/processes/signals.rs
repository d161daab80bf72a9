//! What a supervisor and a terminal send.

use crate::support::{Frame, RawSocket, Server, within};

#[tokio::test]
async fn sighup_without_a_certificate_changes_nothing() {
    let mut server = Server::start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut socket = alice.connect().await;
    server.signal(libc::SIGHUP);
    let heard = async {
        while !server.stderr().contains("SIGHUP") {
            tokio::task::yield_now().await;
        }
    };
    within("the signal to be heard", heard).await;
    socket.say("den", "still here").await;
    assert_eq!(server.terminate().await, Some(0));
}

#[tokio::test]
async fn two_signals_at_once_are_one_stop_in_order() {
    let mut server = Server::start().await;
    let mut socket = server.user("alice").await.connect().await;
    for _ in 0..2 {
        server.signal(libc::SIGTERM);
        server.signal(libc::SIGINT);
    }
    socket.next_event("server.goaway").await;
    assert_eq!(socket.close_code().await, Some(1001));
    assert_eq!(server.exit_code().await, Some(0), "{}", server.stderr());
}

#[tokio::test]
async fn a_second_signal_a_while_later_ends_at_once() {
    let mut server = Server::builder().set("PARLOR_DRAIN_TIMEOUT", "60s").start().await;
    let alice = server.user("alice").await;
    // A client that never answers the close keeps the first stop waiting.
    let mut stuck = RawSocket::connect(server.address(), alice.token()).await;
    server.signal(libc::SIGTERM);
    stuck.next_of(Frame::TEXT).await;
    // Who presses Ctrl-C again and again, until it ends.
    let mut again = tokio::time::interval(std::time::Duration::from_millis(50));
    let code = loop {
        tokio::select! {
            code = server.exit_code() => break code,
            _ = again.tick() => {}
        }
        server.signal(libc::SIGTERM);
    };
    assert_eq!(code, Some(1), "{}", server.stderr());
}
