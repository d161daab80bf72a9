//! WebSocket clients of other people, all of them compressing.
//!
//! They need what `scripts/test` installs, and are left out of a plain
//! `cargo test`, which says so.

use serde_json::json;
use tokio::process::Command;

use crate::support::{Driver, Server, User, within};

const LONG: &str = "a long message, smørrebrød 🍞 ";

/// A server that compresses everything, and somebody in its lobby.
async fn start() -> (Server, User) {
    let builder = Server::builder().set("PARLOR_COMPRESSION_MIN_BYTES", 1);
    let server = builder.set("PARLOR_CONTENT_BYTES", 32 * 1024).start().await;
    let alice = server.user("alice").await;
    alice.create_room("lobby", "public").await;
    (server, alice)
}

async fn runs(program: &str, script: &str) {
    let (server, alice) = start().await;
    let url = format!("ws://{}/ws", server.address().authority());
    let script = format!("{}/tests/it/interop/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(program);
    // Debian keeps its packages for Node there.
    command.env("NODE_PATH", "/usr/share/nodejs");
    command.args([&script, &url, alice.token()]).kill_on_drop(true);
    let output = within(program, command.output()).await.expect("it can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim(), "ok", "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
#[ignore = "needs Node and its ws: run scripts/test"]
async fn ws_of_node() {
    runs("node", "node_ws.cjs").await;
}

#[tokio::test]
#[ignore = "needs Python and its websockets: run scripts/test"]
async fn websockets_of_python() {
    runs("/usr/bin/python3", "python_websockets.py").await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn chromium() {
    let (server, alice) = start().await;
    let driver = Driver::start().await;
    let browser = driver.open("alice", server.address()).await;
    let content = LONG.repeat(300);
    let url = format!("ws://{}/ws", server.address().authority());
    let script = "
        const [url, token, content] = arguments[0], done = arguments[arguments.length - 1];
        const socket = new WebSocket(url, ['parlor.v1', `bearer.${token}`]);
        socket.onmessage = ({ data }) => {
            const frame = JSON.parse(data);
            if (frame.type === 'session.ready') {
                const message = { room_id: 'lobby', client_id: 'chromium', content };
                socket.send(JSON.stringify({ type: 'message.send', id: '1', data: message }));
            }
            if (frame.type === 'message.created') {
                done([socket.extensions, frame.data.content]);
            }
        };";
    let told = browser.run(script, json!([url, alice.token(), content])).await;
    let extensions = told[0].as_str().expect("what was agreed to");
    assert!(extensions.contains("permessage-deflate"), "{extensions}");
    assert_eq!(told[1], content.as_str());
    browser.close().await;
}
