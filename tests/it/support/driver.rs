//! ChromeDriver and the browsers it starts.

use std::{cell::RefCell, process::Stdio};

use fantoccini::ClientBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use super::{Address, Browser, signal, within};

/// A ChromeDriver of this test's own; it ends, with its browsers, when
/// dropped.
pub struct Driver {
    port: u16,
    /// The browsers' profiles.
    profiles: TempDir,
    browsers: RefCell<Vec<libc::pid_t>>,
    _process: Child,
}

impl Driver {
    pub async fn start() -> Self {
        let (port, process) = within("ChromeDriver", async {
            loop {
                if let Some(started) = listening().await {
                    return started;
                }
            }
        })
        .await;
        let profiles = tempfile::tempdir().expect("a temporary directory can be made");
        Self { port, profiles, browsers: RefCell::default(), _process: process }
    }

    /// A new browser with the page open; `name` is for its profile.
    pub async fn open(&self, name: &str, server: &Address) -> Browser {
        self.open_with(name, server, json!({})).await
    }

    /// One whose user has blocked cookies and other site data.
    pub async fn open_without_storage(&self, name: &str, server: &Address) -> Browser {
        let blocked = json!({"profile.default_content_setting_values.cookies": 2});
        self.open_with(name, server, blocked).await
    }

    async fn open_with(&self, name: &str, server: &Address, preferences: Value) -> Browser {
        let profile = self.profiles.path().join(name);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let Value::Object(wanted) = capabilities(&profile.to_string_lossy(), preferences) else {
            unreachable!("an object is written below")
        };
        builder.capabilities(wanted);
        let connecting = format!("http://127.0.0.1:{}", self.port);
        let client = within("a browser", builder.connect(&connecting)).await;
        let client = client.expect("Chromium starts");
        let browser = Browser::new(client, &connecting);
        self.browsers.borrow_mut().extend(browser.pid);
        browser.goto(&server.http("/")).await;
        browser
    }
}

impl Drop for Driver {
    /// A browser outlives its driver unless it was closed, which a test that
    /// fails does not come to.
    fn drop(&mut self) {
        for pid in self.browsers.take() {
            if is_child_with_profile(pid, &self.profiles) {
                signal(pid, libc::SIGKILL);
            }
        }
    }
}

/// Whether the pid is still that of a browser of ours.
fn is_child_with_profile(pid: libc::pid_t, profiles: &TempDir) -> bool {
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let profiles = profiles.path().to_string_lossy().into_owned();
    String::from_utf8_lossy(&command).contains(&profiles)
}

/// Starts one; none if it ended, as it does when another takes the port that it
/// has found free.
async fn listening() -> Option<(u16, Child)> {
    let mut process = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("chromedriver is installed (scripts/test does it)");
    let mut lines = BufReader::new(process.stdout.take().expect("stdout is piped")).lines();
    while let Some(line) = lines.next_line().await.expect("its output is text") {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            // It may say more: it must find someone who reads.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Some((port.trim_end_matches('.').parse().expect("a port"), process));
        }
    }
    None
}

fn capabilities(profile: &str, preferences: Value) -> Value {
    let args = [
        "--headless",
        "--window-size=1280,800",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-proxy-server",
        &format!("--user-data-dir={profile}"),
    ];
    json!({
        "browserName": "chrome",
        "goog:chromeOptions": {"args": args, "prefs": preferences},
        "goog:loggingPrefs": {"browser": "ALL"},
    })
}
