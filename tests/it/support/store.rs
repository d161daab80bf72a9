//! An S3-compatible store: moto, a real server over HTTP.

use std::process::Stdio;

use reqwest::{Client, Method};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr},
};

use super::{Address, DEADLINE, python, within};

/// The bucket that is there.
pub const BUCKET: &str = "parlor-test";
/// It looks at the service of a signature only.
const SIGNATURE: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, \
                         SignedHeaders=host, Signature=0";

/// A store with an empty bucket; it ends when dropped.
pub struct S3Store {
    address: Address,
    http: Client,
    process: Child,
}

impl S3Store {
    pub async fn start() -> Self {
        let mut command = python("moto_server");
        command.args(["-H", "127.0.0.1", "-p", "0"]);
        let started = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut process = started.expect("moto_server is there");
        let stderr = process.stderr.take().expect("stderr is piped");
        let port = within("the store", port_of(BufReader::new(stderr).lines())).await;
        // The client is built with TLS, though it speaks none here.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().timeout(DEADLINE).build();
        let http = http.expect("a client can be made");
        let store = Self { address: Address::new(port), http, process };
        store.ask(Method::PUT, "").await;
        store
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    async fn ask(&self, method: Method, rest: &str) -> String {
        let url = self.address.http(&format!("/{BUCKET}{rest}"));
        let request = self.http.request(method, url).header("authorization", SIGNATURE);
        let response = request.send().await.expect("the store answers");
        assert!(response.status().is_success(), "{response:?}");
        response.text().await.expect("a text")
    }

    /// The names of all that is in the bucket.
    pub async fn keys(&self) -> Vec<String> {
        let listed = self.ask(Method::GET, "?list-type=2").await;
        let keys = listed.split("<Key>").skip(1);
        keys.filter_map(|rest| Some(rest.split_once("</Key>")?.0.to_owned())).collect()
    }

    /// How many uploads have begun and neither ended nor been taken back.
    pub async fn unfinished(&self) -> usize {
        self.ask(Method::GET, "?uploads").await.matches("<Upload>").count()
    }

    pub async fn remove(&self, key: &str) {
        self.ask(Method::DELETE, &format!("/{key}")).await;
    }

    pub async fn stop(&mut self) {
        self.process.kill().await.expect("it can be stopped");
    }
}

async fn port_of(mut lines: Lines<BufReader<ChildStderr>>) -> u16 {
    while let Some(line) = lines.next_line().await.expect("its output is text") {
        if let Some((_, port)) = line.split_once("Running on http://127.0.0.1:") {
            // It says more: it must find someone who reads.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return port.trim().parse().expect("a port");
        }
    }
    panic!("the store ended before it listened");
}
