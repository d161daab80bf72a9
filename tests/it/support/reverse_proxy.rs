//! nginx and Caddy as docs/PROXIES.md tells to set them up, and nginx as a cache for
//! files as docs/OPERATIONS.md does: on ports of their own and without TLS.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use super::{
    Address,
    services::{free_port, reached},
    signal,
};

const RECIPES: &str = include_str!("../../../docs/PROXIES.md");
const CACHES: &str = include_str!("../../../docs/OPERATIONS.md");

/// A running proxy; stopped when dropped.
pub struct ReverseProxy {
    address: Address,
    process: Child,
    _home: TempDir,
}

/// The first block of this kind.
fn recipe(document: &'static str, kind: &str) -> &'static str {
    let (_, rest) = document.split_once(&format!("```{kind}\n")).expect("the recipe is there");
    rest.split_once("```").expect("it ends").0
}

impl ReverseProxy {
    pub async fn nginx(server: &Address) -> Self {
        Self::nginx_without(server, &[]).await
    }

    /// One that was set up without the lines that contain one of these words.
    pub async fn nginx_without(server: &Address, words: &[&str]) -> Self {
        Self::nginx_with(server, recipe(RECIPES, "nginx"), words).await
    }

    /// One that keeps files.
    pub async fn cache(server: &Address) -> Self {
        Self::nginx_with(server, recipe(CACHES, "nginx"), &[]).await
    }

    async fn nginx_with(server: &Address, recipe: &str, words: &[&str]) -> Self {
        let (home, port) = (tempfile::tempdir().expect("a directory"), free_port().await);
        let cache = home.path().join("cache");
        let site: String = recipe
            .replace("/var/cache/nginx/parlor", &cache.display().to_string())
            .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{port};"))
            .replace("127.0.0.1:8080", &server.authority())
            .lines()
            .filter(|line| !line.contains("ssl_certificate"))
            .filter(|line| !words.iter().any(|word| line.contains(word)))
            .map(|line| format!("{line}\n"))
            .collect();
        let at = home.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {at}/{kind};\n"))
            .collect();
        let config = format!(
            "daemon off; pid {at}/pid; error_log {at}/error.log; events {{}}\n\
             http {{ access_log off;\n{temporary}{site}}}\n"
        );
        let file = home.path().join("nginx.conf");
        std::fs::write(&file, config).expect("the configuration can be written");
        let mut command = Command::new("nginx");
        command.arg("-e").arg(home.path().join("error.log")).arg("-c").arg(&file);
        Self::start(command, port, home).await
    }

    pub async fn caddy(server: &Address) -> Self {
        let (home, port) = (tempfile::tempdir().expect("a directory"), free_port().await);
        let site = recipe(RECIPES, "caddy")
            .replace("example.org", &format!("http://127.0.0.1:{port}"))
            .replace("127.0.0.1:8080", &server.authority());
        let file = home.path().join("Caddyfile");
        let config = format!("{{\n\tadmin off\n\tauto_https off\n}}\n{site}");
        std::fs::write(&file, config).expect("the configuration can be written");
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&file);
        Self::start(command, port, home).await
    }

    async fn start(mut command: Command, port: u16, home: TempDir) -> Self {
        let own: &Path = home.path();
        let log = std::fs::File::create(own.join("log")).expect("a log file can be made");
        let process = command
            .env("HOME", own)
            .env("XDG_DATA_HOME", own)
            .env("XDG_CONFIG_HOME", own)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("it is installed: run scripts/test");
        let address = Address::new(port);
        reached(&address).await;
        Self { address, process, _home: home }
    }

    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl Drop for ReverseProxy {
    fn drop(&mut self) {
        let pid = libc::pid_t::try_from(self.process.id()).expect("a pid is small");
        // nginx ends its workers with it.
        signal(pid, libc::SIGTERM);
        let _ = self.process.wait();
    }
}
