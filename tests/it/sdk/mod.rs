//! The SDKs for an application's backend, each with a real application that is told and
//! asked by the server, and the examples for other languages.
//!
//! They need what `scripts/test` installs, and are left out of a plain `cargo test`,
//! which says so.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::json;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::support::{SECRET, Server, node_modules, npm, python, within};

const WEBHOOK_SECRET: &str = "a secret of webhooks that is long enough";
const CALLBACK_SECRET: &str = "a secret of questions that is long enough";

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A program that is an application's backend.
struct Backend {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Backend {
    /// Starts it, with what it needs to know; and where its application listens.
    async fn start(command: &mut Command, framework: &str) -> (Self, String) {
        command
            .args([framework, SECRET, WEBHOOK_SECRET, CALLBACK_SECRET])
            .arg(project("tests/vectors/webhooks.json"))
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdin = child.stdin.take().expect("it is piped");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut backend = Self { child, stdin, stdout };
        let url = backend.next_line().await;
        (backend, url)
    }

    /// What it says next; if it ends instead, why.
    async fn next_line(&mut self) -> String {
        let mut line = String::new();
        within("the program", self.stdout.read_line(&mut line)).await.expect("it is text");
        if line.is_empty() {
            let mut why = String::new();
            let mut stderr = self.child.stderr.take().expect("it is piped");
            stderr.read_to_string(&mut why).await.expect("it is text");
            panic!("the program has ended:\n{why}");
        }
        line.trim().to_owned()
    }

    async fn tell(&mut self, line: &str) {
        self.stdin.write_all(format!("{line}\n").as_bytes()).await.expect("it listens");
    }
}

/// Every call, on a server that tells and asks the application, and what happens when
/// one fails.
async fn drives_a_server(command: &mut Command, framework: &str) {
    let (mut backend, url) = Backend::start(command, framework).await;
    let server = Server::builder()
        .set("PARLOR_WEBHOOK_URLS", format!("{url}/webhooks"))
        .set("PARLOR_WEBHOOK_SECRET", WEBHOOK_SECRET)
        .set("PARLOR_WEBHOOK_ATTEMPTS", 1)
        .set("PARLOR_CALLBACK_SECRET", CALLBACK_SECRET)
        .set("PARLOR_BEFORE_SEND_URL", format!("{url}/before-send"))
        .set("PARLOR_BEFORE_SEND_TIMEOUT", "10s")
        .set("PARLOR_ACCESS_URL", format!("{url}/access"))
        .set("PARLOR_ACCESS_TIMEOUT", "10s")
        .set("PARLOR_PUSH_CONTACT", "mailto:chat@example.org")
        .set("PARLOR_COMMAND_URL", format!("{url}/commands"))
        .set("PARLOR_COMMAND_TIMEOUT", "10s")
        .start()
        .await;
    backend.tell(&server.address().http("")).await;
    assert_eq!(backend.next_line().await, "ok");

    let mut socket = server.user("ann").await.connect().await;
    let answer = socket.ask("app.order.place", json!({"item": "tea"})).await;
    assert_eq!(answer, json!({"answer": {"for": "ann", "item": "tea"}}));
    let zoe = server.user("zoe").await;
    for room in ["closed", "watched"] {
        zoe.create_room(room, "private").await;
    }
    let refused = socket.refused("room.join", json!({"room_id": "closed"}), "refused").await;
    assert_eq!(refused["message"], "not on your plan");
    socket.ask("room.subscribe", json!({"room_id": "watched"})).await;
    socket.refused("room.join", json!({"room_id": "watched"}), "forbidden").await;
    let refused = socket.refused("app.nonsense", json!({}), "refused").await;
    assert_eq!(refused["message"], "what is that?");
}

fn in_python() -> Command {
    let mut command = python("python");
    command.arg(project("tests/it/sdk/python/main.py"));
    command.env("PYTHONPATH", project("sdk/python/src")).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// A project that has installed the SDK for Node.
fn node_project() -> TempDir {
    let home = TempDir::new().expect("a directory");
    for file in std::fs::read_dir(project("tests/it/sdk/node")).expect("it is there") {
        let file = file.expect("it can be read");
        std::fs::copy(file.path(), home.path().join(file.file_name())).expect("copied");
    }
    let modules = home.path().join("node_modules");
    std::fs::create_dir(&modules).expect("made");
    let link = |from: PathBuf, name: &std::ffi::OsStr| {
        std::os::unix::fs::symlink(from, modules.join(name)).expect("linked");
    };
    let fetched = std::fs::read_dir(node_modules()).expect("there are packages");
    for package in fetched.map(|package| package.expect("it can be read")) {
        link(package.path(), &package.file_name());
    }
    link(project("sdk/node"), "parlor-chat-server".as_ref());
    std::fs::write(home.path().join("package.json"), r#"{"type": "module"}"#).expect("written");
    home
}

/// Runs a program to its end, and shows what it says if it fails.
async fn run(command: &mut Command) {
    let output = within("a program", command.kill_on_drop(true).output()).await;
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{said}\n{complained}");
}

async fn in_node(framework: &str) {
    let home = node_project();
    let mut node = Command::new("node");
    drives_a_server(node.arg("main.mjs").current_dir(home.path()), framework).await;
}

#[tokio::test]
#[ignore = "needs programs from PyPI: run scripts/test"]
async fn python_and_flask() {
    drives_a_server(&mut in_python(), "flask").await;
}

#[tokio::test]
#[ignore = "needs programs from PyPI: run scripts/test"]
async fn asynchronous_python_and_fastapi() {
    drives_a_server(&mut in_python(), "fastapi").await;
}

#[tokio::test]
#[ignore = "needs programs from npm: run scripts/test"]
async fn node_and_express() {
    in_node("express").await;
}

#[tokio::test]
#[ignore = "needs programs from npm: run scripts/test"]
async fn node_and_hono() {
    in_node("hono").await;
}

#[tokio::test]
#[ignore = "needs programs from PyPI: run scripts/test"]
async fn the_types_of_python_fit() {
    let cache = TempDir::new().expect("a directory");
    let mut mypy = python("mypy");
    mypy.arg("--strict").arg("--cache-dir").arg(cache.path());
    mypy.args([project("sdk/python/src/parlor"), project("tests/it/sdk/python/main.py")]);
    let path = format!("{}:tests/it/sdk/python", project("sdk/python/src").display());
    run(mypy.env("MYPYPATH", path).current_dir(project(""))).await;
}

#[tokio::test]
#[ignore = "needs programs from npm: run scripts/test"]
async fn the_types_of_node_fit() {
    let home = node_project();
    let mut tsc = npm("tsc");
    tsc.args(["--strict", "--noEmit", "--target", "es2022", "--module", "nodenext"]);
    run(tsc.args(["--types", "node", "types.ts"]).current_dir(home.path())).await;
}

#[tokio::test]
#[ignore = "needs programs from npm: run scripts/test"]
async fn what_is_made_from_the_description_is_in_step_with_it() {
    let server = Server::start().await;
    let description = server.address().http("/api/v1/openapi.json");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a target directory");
    let mut generate = Command::new(project("sdk/generate"));
    run(generate.args(["--check", &description]).env("CARGO_TARGET_DIR", target)).await;
}

#[test]
fn they_have_the_version_of_the_server() {
    let version = env!("CARGO_PKG_VERSION");
    for (file, line) in [
        ("sdk/python/pyproject.toml", format!("\nversion = \"{version}\"\n")),
        ("sdk/node/package.json", format!("\n  \"version\": \"{version}\",\n")),
    ] {
        let text = std::fs::read_to_string(project(file)).expect("it is there");
        assert!(text.contains(&line), "{file} has version {version}");
    }
}

#[test]
fn the_page_shows_the_examples_as_they_are() {
    let page = std::fs::read_to_string(project("docs/BACKENDS.md")).expect("it is there");
    for example in
        ["go/parlor.go", "java/Parlor.java", "php/parlor.php", "ruby/parlor.rb", "csharp/Parlor.cs"]
    {
        let source = std::fs::read_to_string(project("sdk/examples").join(example));
        let source = source.expect("it is there");
        assert!(page.contains(&format!("\n{source}```")), "docs/BACKENDS.md shows {example}");
    }
}

/// Whether a program is on this machine.
fn is_here(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

/// PHP and Ruby are small to install; the others are tried where their compilers are, and
/// `scripts/backends` asks for all of them.
#[tokio::test]
#[ignore = "needs PHP and Ruby: run scripts/test"]
async fn the_examples_in_other_languages() {
    let mut languages = vec!["php", "ruby"];
    let compilers = [("go", "go"), ("java", "javac"), ("csharp", "mcs")];
    languages.extend(compilers.iter().filter(|(_, one)| is_here(one)).map(|(name, _)| *name));
    println!("tried: {languages:?}");
    let server = Server::start().await;
    let mut python = python("python");
    python.arg(project("tests/it/sdk/backends.py")).env("PYTHONPATH", project("sdk/python/src"));
    python.env("PYTHONDONTWRITEBYTECODE", "1");
    run(python.args([&server.address().http(""), SECRET]).args(languages)).await;
}
