//! WebSocket clients of other people, all of them compressing, and our own
//! client outside of a browser.
//!
//! They need what `scripts/test` installs, and are left out of a plain
//! `cargo test`, which says so.

use std::{path::Path, process::Stdio};

use serde_json::json;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Command,
};

use crate::support::{Driver, Server, Token, User, within};

const SCRIPTS: &str = "tests/it/interop";

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

/// A folder with the client as an application has it: a package of modules.
fn package() -> TempDir {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let client = home.path().join("client");
    std::fs::create_dir(&client).expect("a folder can be made");
    let modules = std::fs::read_dir(root.join("static/client")).expect("it is there");
    for module in modules {
        let module = module.expect("a file").path();
        let name = module.file_name().expect("a name");
        std::fs::copy(&module, client.join(name)).expect("it can be copied");
    }
    std::fs::copy(root.join("static/parlor.js"), home.path().join("parlor.js")).expect("copied");
    std::fs::copy(root.join(SCRIPTS).join("parlor_client.mjs"), home.path().join("client.mjs"))
        .expect("copied");
    let package = r#"{"type": "module"}"#;
    std::fs::write(home.path().join("package.json"), package).expect("written");
    home
}

/// Node with a WebSocket, also where it is too old to have one.
fn node(home: &Path, script: &str) -> Command {
    let mut command = Command::new("node");
    let websocket = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCRIPTS).join("ws_global.cjs");
    command.env("NODE_PATH", "/usr/share/nodejs").current_dir(home).kill_on_drop(true);
    command.arg("--require").arg(websocket).arg(script);
    command
}

#[tokio::test]
#[ignore = "needs Node and its ws: run scripts/test"]
async fn the_client_does_in_node_what_its_document_tells() {
    let server = Server::start().await;
    let home = package();
    let docs = format!("{}/docs/CLIENT.md", env!("CARGO_MANIFEST_DIR"));
    let alice = Token::of("alice").text();
    let mut command = node(home.path(), "client.mjs");
    command.args([&server.address().http(""), &alice, &docs]);
    let output = within("the client", command.output()).await.expect("it can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim(), "ok", "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
#[ignore = "needs Node and its ws: run scripts/test"]
async fn the_example_of_its_document_is_a_chat() {
    let server = Server::start().await;
    let home = package();
    let docs = format!("{}/docs/CLIENT.md", env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_to_string(docs).expect("it can be read");
    let (_, rest) = docs.split_once("```js\n// chat.js").expect("the example");
    let (example, _) = rest.split_once("\n```").expect("it ends");
    std::fs::write(home.path().join("chat.js"), format!("//{example}")).expect("written");

    let alice = Token::of("alice").claim("name", json!("Alice"));
    let mut command = node(home.path(), "chat.js");
    command.args([&server.address().http(""), &alice.text(), "board:42"]);
    let mut chat = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(chat.stdout.take().expect("stdout is piped")).lines();
    let mut stdin = chat.stdin.take().expect("stdin is piped");
    stdin.write_all(b"hello there\n").await.expect("it reads");
    let line = within("the message", lines.next_line()).await.expect("text");
    assert_eq!(line.as_deref(), Some("Alice: hello there"));
    let ben = server.user("ben").await;
    ben.join("board:42").await.expect(201);
    ben.say("board:42", "hello Alice").await;
    let line = within("the answer", lines.next_line()).await.expect("text");
    assert_eq!(line.as_deref(), Some("ben: hello Alice"));
    // With its input it ends.
    drop(stdin);
    let status = within("its end", chat.wait()).await.expect("a status");
    assert!(status.success(), "{status}");
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
