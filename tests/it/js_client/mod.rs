//! The JavaScript client, outside of a browser: its parts by themselves
//! (`unit/`, with Node's own test runner), and all of it against the server.
//!
//! It needs what `scripts/test` installs, and is left out of a plain
//! `cargo test`, which says so.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::json;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::support::{Builder, Proxy, Receiver, Reply, SECRET, Server, Token, history_of, within};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scripts() -> PathBuf {
    root().join("tests/it/js_client")
}

/// Copies the files of one folder, and not what is below it.
fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("it is there") {
        let path = entry.expect("a file").path();
        if path.is_file() {
            let name = path.file_name().expect("a name");
            std::fs::copy(&path, to.join(name)).expect("it can be copied");
        }
    }
}

/// A folder with the client as an application has it, a package of modules, and
/// with what the page makes of it.
fn package() -> TempDir {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    for folder in ["client", "page/view"] {
        copy_files(&root().join("static").join(folder), &home.path().join(folder));
    }
    copy_files(&scripts(), home.path());
    copy_files(&scripts().join("unit"), &home.path().join("unit"));
    copy_files(&root().join("tests/vectors"), &home.path().join("vectors"));
    let package = r#"{"type": "module"}"#;
    std::fs::write(home.path().join("package.json"), package).expect("written");
    home
}

/// Node with a WebSocket, also where it is too old to have one.
fn node(home: &Path) -> Command {
    let mut command = Command::new("node");
    command.env("NODE_PATH", "/usr/share/nodejs").current_dir(home).kill_on_drop(true);
    command.arg("--require").arg(scripts().join("ws_global.cjs"));
    command
}

/// Starts one that is talked with. It gets nothing of the tests' own output:
/// Node makes what it writes to non-blocking, for all who share it.
fn start(command: &mut Command, home: &Path) -> (Child, Lines<BufReader<ChildStdout>>) {
    let complaints = std::fs::File::create(home.join("stderr.log")).expect("a file");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(complaints);
    let mut running = command.spawn().expect("it starts");
    let lines = BufReader::new(running.stdout.take().expect("stdout is piped")).lines();
    (running, lines)
}

/// Runs a script of this folder, which says "ok" if all was right.
async fn runs(script: &str, args: &[&str]) {
    let home = package();
    let mut command = node(home.path());
    command.arg(script).args(args);
    let output = within(script, command.output()).await.expect("it can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.trim().lines().last(), Some("ok"), "{said}{complained}");
}

#[tokio::test]
#[ignore = "needs Node and its ws: run scripts/test"]
async fn its_parts_do_what_they_say() {
    let home = package();
    // By name: what a folder means to `--test` differs from version to version.
    let files = std::fs::read_dir(home.path().join("unit")).expect("it is there");
    let files = files.map(|entry| entry.expect("a file").path());
    let mut command = node(home.path());
    command.arg("--test").args(files);
    let output = within("Node's tests", command.output()).await;
    let output = output.expect("it can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    // A folder without tests passes as well.
    let passed = said.lines().find_map(|line| line.split_once("pass ")).expect("a sum");
    assert!(passed.1.trim().parse::<u32>().expect("a number") > 20, "{said}");
}

#[tokio::test]
#[ignore = "needs Node and its ws: run scripts/test"]
async fn it_does_in_node_what_its_document_tells() {
    let server = Server::start().await;
    let docs = root().join("docs/CLIENT.md");
    let docs = docs.to_str().expect("the path is text");
    let alice = Token::of("alice").text();
    runs("as_documented.mjs", &[&server.address().http(""), &alice, docs]).await;
}

/// The rates of a server that nobody has changed.
fn with_default_rates() -> Builder {
    let builder = Server::builder().set("PARLOR_COMMANDS_PER_SECOND", 10);
    builder.set("PARLOR_COMMAND_BURST", 20).set("PARLOR_ERRORS_BEFORE_CLOSE", 20)
}

#[tokio::test]
#[ignore = "needs Node and its ws: run scripts/test"]
async fn own_messages_go_first_and_one_that_cannot_be_sent_holds_up_nothing() {
    let server = with_default_rates().start().await;
    runs("sending.mjs", &[&server.address().http(""), SECRET]).await;
}

#[tokio::test]
#[ignore = "needs Node and its ws: run scripts/test"]
async fn what_is_written_while_it_is_read_is_whole_also_over_cuts() {
    let server = with_default_rates().start().await;
    runs("writing.mjs", &[&server.address().http(""), SECRET]).await;
}

#[tokio::test]
#[ignore = "needs Node and its ws: run scripts/test"]
async fn what_goes_wrong_around_it_is_told_and_it_goes_on() {
    let builder = with_default_rates().set("PARLOR_CONNECTIONS_PER_USER", 1);
    let server = builder.set("PARLOR_ACCOUNTS", "on").start().await;
    runs("faults.mjs", &[&server.address().http(""), SECRET]).await;
}

#[tokio::test]
#[ignore = "needs Node and its ws: run scripts/test"]
async fn a_person_in_very_many_rooms_is_told_of_them_and_comes_back() {
    const ROOMS: usize = 1_200;
    let mut server = with_default_rates().start().await;
    let alice = server.user("alice").await;
    server.fill_rooms(&alice, ROOMS).await;
    runs("many_rooms.mjs", &[&server.address().http(""), SECRET, &ROOMS.to_string()]).await;
}

#[tokio::test]
#[ignore = "needs Node and its ws: run scripts/test"]
async fn who_connects_too_often_is_told_and_comes_back_when_the_server_says() {
    let builder = Server::builder().set("PARLOR_CONNECTS_PER_MINUTE", 60);
    let server = builder.set("PARLOR_CONNECT_BURST", 1).start().await;
    runs("hurried.mjs", &[&server.address().http(""), SECRET]).await;
}

/// Sentences that the README shows to newcomers hold as they are printed.
#[tokio::test]
#[ignore = "needs Node and its ws: run scripts/test"]
async fn who_watches_a_room_hears_it_once_and_in_order_also_over_cuts() {
    let application = Receiver::start().await;
    application.answer_with(|asked| {
        let answer = match asked.json()["data"]["user"]["id"].as_str() {
            Some("wes") => json!({"action": "accept", "allow": "read"}),
            _ => json!({"action": "refuse", "reason": "not you"}),
        };
        Reply::Body(200, answer.to_string())
    });
    let builder = Server::builder().set("PARLOR_ACCESS_URL", &application.url);
    let server = builder.set("PARLOR_CALLBACK_SECRET", "a secret of at least 24 bytes").start();
    runs("watching.mjs", &[&server.await.address().http(""), SECRET]).await;
}

#[tokio::test]
#[ignore = "needs Node and its ws: run scripts/test"]
async fn the_example_of_the_readme_runs_twice_and_says_one_thing_each_time() {
    let server = Server::builder().set("PARLOR_ACCOUNTS", "on").start().await;
    let network = Proxy::in_front_of(server.address()).await;
    let alice = server.user("alice").await;
    alice.create_room("board:42", "public").await;
    let home = package();
    let readme = std::fs::read_to_string(root().join("README.md")).expect("it can be read");
    let (_, rest) = readme.split_once("```js\n").expect("the example");
    let (example, _) = rest.split_once("\n```").expect("it ends");
    let printed = "http://127.0.0.1:8080";
    assert!(example.contains(printed), "{example}");
    let example = example.replace(printed, network.address().http("").trim_end_matches('/'));
    std::fs::write(home.path().join("example.js"), example).expect("written");

    for run in 1..=2 {
        let mut command = node(home.path());
        command.arg("example.js");
        let (_running, mut lines) = start(&mut command, home.path());
        let line = within("its message", lines.next_line()).await.expect("text");
        assert_eq!(line.as_deref(), Some("ben hello from JavaScript"), "run {run}");
        // It comes back after a cut, hears what was said, and says nothing.
        network.cut();
        alice.say("board:42", &format!("after cut {run}")).await;
        network.restore();
        let line = within("what it missed", lines.next_line()).await.expect("text");
        assert_eq!(line, Some(format!("alice after cut {run}")));
        assert_eq!(history_of(&alice, "board:42").await.len(), 2 * run);
    }
}

#[tokio::test]
#[ignore = "needs Node and its ws: run scripts/test"]
async fn the_example_of_its_document_is_a_chat() {
    let server = Server::start().await;
    let home = package();
    let docs = std::fs::read_to_string(root().join("docs/CLIENT.md")).expect("it can be read");
    let (_, rest) = docs.split_once("```js\n// chat.js").expect("the example");
    let (example, _) = rest.split_once("\n```").expect("it ends");
    std::fs::write(home.path().join("chat.js"), format!("//{example}")).expect("written");

    let alice = Token::of("alice").claim("name", json!("Alice"));
    let mut command = node(home.path());
    command.args(["chat.js", &server.address().http(""), &alice.text(), "board:42"]);
    let (mut chat, mut lines) = start(&mut command, home.path());
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

/// The program of `examples/assistant`, where Node takes its files for modules.
#[tokio::test]
#[ignore = "needs Node and its ws: run scripts/test"]
async fn the_example_of_an_assistant_answers_word_by_word() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    ann.create_room("den", "public").await;
    let home = package();
    copy_files(&root().join("static"), &home.path().join("static"));
    copy_files(&root().join("static/client"), &home.path().join("static/client"));
    let example = home.path().join("examples/assistant");
    copy_files(&root().join("examples/assistant"), &example);
    let mut command = node(&example);
    let token = Token::of("bot").claim("name", json!("Bot")).text();
    command.args(["assistant.js", &server.address().http(""), &token, "den"]);
    let (_running, mut lines) = start(&mut command, home.path());
    let there = within("the assistant", lines.next_line()).await.expect("it runs");
    assert_eq!(there.as_deref(), Some("Bot is in den. Mention @bot there."));
    let mut at_ann = ann.connect().await;
    at_ann.say("den", "@bot tell me twice").await;
    at_ann.next_event("message.delta").await;
    let ended = |frame: &serde_json::Value| {
        frame["type"] == "message.updated" && frame["data"]["sender"]["id"] == "bot"
    };
    let answer = at_ann.next_where("the answer", ended).await["data"].clone();
    let text = answer["content"].as_str().expect("a text");
    assert!(text.starts_with("You have said 4 words") && text.ends_with("twice."), "{text}");
    assert_eq!(answer.get("state"), None);
}
