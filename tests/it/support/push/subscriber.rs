//! A browser that has subscribed: what it is told is read by libraries of other people
//! (`http_ece`, PyJWT), in a program of Python.

use std::process::Stdio;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::support::{Received, python, within};

const PROGRAM: &str = include_str!("read_push.py");

/// A browser with its keys.
pub struct Subscriber {
    pub endpoint: String,
    pub p256dh: String,
    pub auth: String,
    /// PKCS #8.
    private: Vec<u8>,
}

/// What it was told.
#[derive(Clone, Debug)]
pub struct Told {
    pub payload: Value,
    /// The claims of the token that came with it, whose signature fits the server's key.
    pub vapid: Value,
    pub ttl: String,
    pub urgency: String,
    pub topic: String,
}

impl Subscriber {
    pub fn new(endpoint: &str) -> Self {
        let (form, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let private = EcdsaKeyPair::generate_pkcs8(form, &random).expect("a key");
        let private = private.as_ref().to_vec();
        let pair = EcdsaKeyPair::from_pkcs8(form, &private, &random).expect("a key");
        Self {
            endpoint: endpoint.to_owned(),
            p256dh: URL_SAFE_NO_PAD.encode(pair.public_key()),
            auth: URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>()),
            private,
        }
    }

    /// Reads requests that came to its endpoint. `public_key` is the one that the server has
    /// told browsers.
    pub async fn read(&self, received: &[Received], public_key: &str) -> Vec<Told> {
        let asked: Vec<Value> = received
            .iter()
            .map(|one| {
                let header = |name| one.header(name);
                assert_eq!(header("content-encoding"), "aes128gcm", "{one:?}");
                json!({
                    "body": STANDARD.encode(&one.bytes), "authorization": header("authorization"),
                })
            })
            .collect();
        let input = json!({
            "private": STANDARD.encode(&self.private), "auth": self.auth,
            "endpoint": self.endpoint, "public_key": public_key, "asked": asked,
        });
        let read = run(&input).await;
        let read = read.as_array().expect("a list").iter().zip(received);
        let told = read.map(|(read, one)| Told {
            payload: read["payload"].clone(),
            vapid: read["vapid"].clone(),
            ttl: one.header("ttl").to_owned(),
            urgency: one.header("urgency").to_owned(),
            topic: one.header("topic").to_owned(),
        });
        told.collect()
    }
}

async fn run(input: &Value) -> Value {
    let mut command = python("python");
    command.args(["-c", PROGRAM]).stdin(Stdio::piped());
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin.write_all(input.to_string().as_bytes()).await.expect("it reads");
    drop(stdin);
    let output = within("what Python reads", child.wait_with_output()).await.expect("it ends");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("JSON: {output:?}"))
}
