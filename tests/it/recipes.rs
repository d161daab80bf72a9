//! The poll of docs/RECIPES.md (`examples/poll`), an application that answers commands.

use std::{fs::File, path::Path, process::Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::support::{SECRET, Server, Socket, free_port, within};

const CALLBACK_SECRET: &str = "a secret of questions that is long enough";

/// The example, and the server that asks it.
struct Polls {
    server: Server,
    port: u16,
    /// Where it keeps the votes.
    home: TempDir,
    running: Child,
}

impl Polls {
    async fn start() -> Self {
        let port = free_port().await;
        let builder = Server::builder()
            .set("PARLOR_CALLBACK_SECRET", CALLBACK_SECRET)
            .set("PARLOR_COMMAND_URL", format!("http://127.0.0.1:{port}"))
            .set("PARLOR_COMMAND_TIMEOUT", "10s");
        let server = builder.start().await;
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let running = launch(&server, port, home.path()).await;
        Self { server, port, home, running }
    }

    /// Ends it without any warning, and starts it on the same votes.
    async fn crash(&mut self) {
        self.running.kill().await.expect("it can be killed");
        self.running = launch(&self.server, self.port, self.home.path()).await;
    }

    /// The sockets of ann, who owns a room, and of others who are members.
    async fn room_with(&self, others: [&str; 2]) -> [Socket; 3] {
        let ann = self.server.user("ann").await;
        let others = [self.server.user(others[0]).await, self.server.user(others[1]).await];
        ann.room_with("den", &[&others[0], &others[1]]).await;
        [ann.connect().await, others[0].connect().await, others[1].connect().await]
    }
}

async fn launch(server: &Server, port: u16, home: &Path) -> Child {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/poll/poll.mjs");
    let complaints = File::options().create(true).append(true).open(home.join("stderr.log"));
    let mut command = Command::new("node");
    command.arg(example).current_dir(home).kill_on_drop(true).stdin(Stdio::null());
    command.env("PARLOR_URL", server.address().http("")).env("JWT_SECRET", SECRET);
    command.env("PARLOR_CALLBACK_SECRET", CALLBACK_SECRET).env("PORT", port.to_string());
    command.stdout(Stdio::piped()).stderr(complaints.expect("a file can be made"));
    let mut running = command.spawn().expect("Node starts");
    let mut lines = BufReader::new(running.stdout.take().expect("it is piped")).lines();
    let line = within("the example", lines.next_line()).await.expect("it is text");
    assert_eq!(line, Some(format!("Polls are at http://127.0.0.1:{port}")));
    running
}

/// Asks what to have for lunch, under a name of this request; gives the poll's message.
async fn ask(socket: &mut Socket, id: &str) -> Value {
    let data = json!({"room_id": "den", "id": id, "text": "Lunch? | Pizza | Soup"});
    socket.ask("app.poll.create", data).await["answer"]["message_id"].clone()
}

async fn vote(socket: &mut Socket, poll: &Value, option: Option<u32>) -> Value {
    let data = json!({"message_id": poll, "option": option});
    socket.ask("app.poll.vote", data).await["answer"]["counts"].clone()
}

/// Waits until the message shows these counts.
async fn sees(socket: &mut Socket, content: &str) {
    let shows =
        |frame: &Value| frame["type"] == "message.updated" && frame["data"]["content"] == content;
    socket.next_where(content, shows).await;
}

#[tokio::test]
#[ignore = "needs Node: run scripts/test"]
async fn a_poll_counts_each_user_once_over_crashes_until_it_is_closed() {
    let mut polls = Polls::start().await;
    let [mut ann, mut ben, mut cem] = polls.room_with(["ben", "cem"]).await;
    let poll = ask(&mut ann, "lunch").await;
    assert_eq!(ask(&mut ann, "lunch").await, poll, "a command that is repeated");
    let message = ben.next_message("den").await["data"].clone();
    assert_eq!((&message["message_id"], &message["sender"]["id"]), (&poll, &json!("polls")));
    assert_eq!(message["content"], "ann asks: Lunch?\n1. Pizza: 0\n2. Soup: 0");
    assert_eq!(message["metadata"]["poll"]["options"], json!(["Pizza", "Soup"]));

    assert_eq!(vote(&mut ben, &poll, Some(1)).await, json!([1, 0]));
    assert_eq!(vote(&mut ben, &poll, Some(1)).await, json!([1, 0]), "twice is once");
    assert_eq!(vote(&mut cem, &poll, Some(1)).await, json!([2, 0]));
    // What was answered is told, though as a rule this crash comes before that.
    assert_eq!(vote(&mut cem, &poll, Some(2)).await, json!([1, 1]));
    polls.crash().await;
    for socket in [&mut ann, &mut ben, &mut cem] {
        sees(socket, "ann asks: Lunch?\n1. Pizza: 1\n2. Soup: 1").await;
    }
    let page = ann.ask("history", json!({"room_id": "den"})).await;
    let counted = &page["messages"][0]["metadata"]["poll"];
    assert_eq!((&counted["counts"], &counted["closed"]), (&json!([1, 1]), &json!(false)));
    assert_eq!((&counted["version"], &counted["question"]), (&json!(3), &json!("Lunch?")));

    assert_eq!(vote(&mut ben, &poll, Some(1)).await, json!([1, 1]), "it knows who has voted");
    assert_eq!(vote(&mut ann, &poll, Some(2)).await, json!([1, 2]));
    assert_eq!(vote(&mut cem, &poll, None).await, json!([1, 1]), "taken back");
    let named = json!({"message_id": poll});
    ben.refused("app.poll.close", named.clone(), "refused").await;
    ann.ask("app.poll.close", named.clone()).await;
    sees(&mut ben, "ann asks: Lunch?\n1. Pizza: 1\n2. Soup: 1\nThe poll is closed.").await;
    polls.crash().await;
    let late = json!({"message_id": poll, "option": 2});
    let refused = ben.refused("app.poll.vote", late, "refused").await;
    assert_eq!(refused["message"], "the poll is closed");
    let shown = ben.ask("app.poll.show", named).await["answer"].clone();
    assert_eq!((&shown["counts"], &shown["own"]), (&json!([1, 1]), &json!(1)));
    // One message, however often it was asked for and changed.
    let page = ben.ask("history", json!({"room_id": "den"})).await;
    assert_eq!(page["messages"].as_array().expect("a list").len(), 1);
}

#[tokio::test]
#[ignore = "needs Node: run scripts/test"]
async fn a_poll_is_for_who_sees_it_and_asked_by_who_may_write() {
    let polls = Polls::start().await;
    let [mut ann, mut ben, _] = polls.room_with(["ben", "cem"]).await;
    let poll = ask(&mut ann, "lunch").await;
    let asked = json!({"room_id": "den", "text": "Tea? | Green | Black"});
    let mut zoe = polls.server.user("zoe").await.connect().await;
    zoe.refused("app.poll.create", asked.clone(), "refused").await;
    for command in ["app.poll.vote", "app.poll.show", "app.poll.close"] {
        zoe.refused(command, json!({"message_id": poll, "option": 1}), "refused").await;
    }
    let other = ben.say("den", "hi").await["message_id"].clone();
    // Nothing that a user sends is a mistake of the example's.
    for message in [other, json!("undefined"), json!("x"), json!({"toString": 1}), Value::Null] {
        let data = json!({"message_id": message, "option": 1});
        ben.refused("app.poll.vote", data, "refused").await;
    }
    for option in [json!(0), json!(3), json!("1"), json!(1.5)] {
        let data = json!({"message_id": poll, "option": option});
        ben.refused("app.poll.vote", data, "refused").await;
    }
    for text in [json!("Tea?"), json!("Tea? | Green"), json!("Tea? | Green | Green"), json!([])] {
        let data = json!({"room_id": "den", "text": text});
        ben.refused("app.poll.create", data, "refused").await;
    }
    ann.ask("room.freeze", json!({"room_id": "den"})).await;
    ben.refused("app.poll.create", asked, "refused").await;
    assert_eq!(vote(&mut ben, &poll, Some(2)).await, json!([0, 1]));
    sees(&mut ann, "ann asks: Lunch?\n1. Pizza: 0\n2. Soup: 1").await;
}
