//! Programs of other people read the descriptions, and the clients that they
//! make work on the running server.
//!
//! They need what `scripts/test` installs, and are left out of a plain
//! `cargo test`, which says so. Those that are large to download are run by
//! `scripts/generated-clients`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::{Server, Token, User, node_modules, npm, python};

/// One of them may take so long where others compile beside it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server, and its descriptions as files.
struct Described {
    server: Server,
    service: User,
    home: TempDir,
}

impl Described {
    async fn new() -> Self {
        let server = Server::start().await;
        let token = Token::of("app").claim("roles", json!(["service"]));
        let service = server.user_with("app", token).await;
        let home = TempDir::new().expect("a directory");
        for name in ["openapi.json", "asyncapi.json"] {
            let document =
                User::outcome(service.plain(reqwest::Method::GET, &format!("/api/v1/{name}")))
                    .await;
            assert_eq!(document.status, 200);
            fs::write(home.path().join(name), document.body).expect("written");
        }
        Self { server, service, home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs a program there, and gives what it says.
    async fn run(&self, command: &mut Command) -> String {
        command.current_dir(self.home.path()).kill_on_drop(true);
        let ran = tokio::time::timeout(PATIENCE, command.output()).await;
        let output = ran.unwrap_or_else(|_| panic!("{command:?} takes too long"));
        let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}\n{said}\n{complained}");
        said + &complained
    }

    /// Runs the program that uses a client; it says `ok` when all was kept.
    async fn keeps_what_is_somebodys_own(&self, command: &mut Command) {
        let url = self.server.address().http("");
        let said = self.run(command.args([&*url, self.service.token()])).await;
        assert_eq!(said.trim(), "ok");
    }
}

/// A file beside this one.
fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/generated_clients").join(name)
}

#[tokio::test]
#[ignore = "needs programs from PyPI and npm: run scripts/test"]
async fn linters_find_no_error() {
    let described = Described::new().await;
    described.run(python("openapi-spec-validator").arg("openapi.json")).await;
    let mut redocly = npm("redocly");
    redocly.args(["lint", "openapi.json"]).env("REDOCLY_TELEMETRY", "off");
    described.run(redocly.env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")).await;
    let rules = r#"extends: ["spectral:oas", "spectral:asyncapi"]"#;
    fs::write(described.path(".spectral.yaml"), rules).expect("written");
    described.run(npm("spectral").args(["lint", "openapi.json", "asyncapi.json"])).await;
}

#[tokio::test]
#[ignore = "needs programs from npm: run scripts/test"]
async fn openapi_typescript() {
    let described = Described::new().await;
    described
        .run(npm("openapi-typescript").args(["openapi.json", "--output", "schema.d.ts"]))
        .await;
    fs::copy(beside("openapi_typescript.ts"), described.path("main.ts")).expect("copied");
    fs::write(described.path("package.json"), r#"{"type": "module"}"#).expect("written");
    std::os::unix::fs::symlink(node_modules(), described.path("node_modules")).expect("linked");
    let mut tsc = npm("tsc");
    tsc.args(["--strict", "--target", "es2022", "--module", "nodenext", "--types", "node"]);
    described.run(tsc.arg("main.ts")).await;
    described.keeps_what_is_somebodys_own(Command::new("node").arg("main.js")).await;
}

#[tokio::test]
#[ignore = "needs programs from PyPI: run scripts/test"]
async fn openapi_python_client() {
    let described = Described::new().await;
    let mut generator = python("openapi-python-client");
    generator.args(["generate", "--path", "openapi.json", "--meta", "none"]);
    let said = described.run(generator.args(["--output-path", "parlor_client"])).await;
    assert!(!said.contains("WARNING"), "{said}");
    let mut program = python("python");
    program.arg(beside("openapi_python_client.py")).env("PYTHONPATH", described.home.path());
    described.keeps_what_is_somebodys_own(&mut program).await;
}
