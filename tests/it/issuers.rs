//! Tokens of an outside issuer, by its file or by what it publishes.

use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};

use crate::support::{
    Key, Opening, Receiver, Reply, Server, Socket, Token, User, encode, sign, within,
};

const RSA: &str = include_str!("support/keys/rsa.pem");
const EC: &str = include_str!("support/keys/ec.pem");
const ED: &str = include_str!("support/keys/ed.pem");

fn key(algorithm: Algorithm) -> Key<'static> {
    match algorithm {
        Algorithm::RS256 => Key::Private(RSA),
        Algorithm::ES256 => Key::Private(EC),
        _ => Key::Private(ED),
    }
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.expect("after 1970").as_secs()).expect("before the end of time")
}

fn claims(user: &str) -> Value {
    json!({"sub": user, "iat": now(), "exp": now() + 600, "iss": "https://id.example", "aud": "chat"})
}

fn signed(algorithm: Algorithm, kid: Option<&str>, claims: &Value) -> String {
    let mut header = Header::new(algorithm);
    header.kid = kid.map(str::to_owned);
    encode(&header, claims, &key(algorithm))
}

fn jwks(names: &[&str]) -> String {
    let keys: Vec<Value> = names
        .iter()
        .map(|name| {
            let text = match *name {
                "rsa" => include_str!("support/keys/rsa.jwk.json"),
                "ec" => include_str!("support/keys/ec.jwk.json"),
                _ => include_str!("support/keys/ed.jwk.json"),
            };
            serde_json::from_str(text).expect("a key")
        })
        .collect();
    json!({"keys": keys}).to_string()
}

async fn status(server: &Server, token: String) -> u16 {
    User::new(server.address().clone(), "x", Some(token)).get("/me").await.status
}

async fn start_with_keys(text: &str, settings: &[(&str, &str)]) -> (Server, tempfile::TempDir) {
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("keys");
    std::fs::write(&file, text).expect("written");
    let mut builder = Server::builder().set("PARLOR_ISSUER_KEYS", file.display());
    for (name, value) in settings {
        builder = builder.set(name, value);
    }
    (builder.start().await, home)
}

const ALL_PEMS: &str = concat!(
    include_str!("support/keys/rsa.pub.pem"),
    include_str!("support/keys/ec.pub.pem"),
    include_str!("support/keys/ed.pub.pem")
);

#[tokio::test]
async fn tokens_of_all_three_algorithms_are_good_with_a_key_file() {
    for text in [ALL_PEMS.to_owned(), jwks(&["rsa", "ec", "ed"])] {
        let (server, _home) = start_with_keys(&text, &[]).await;
        for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
            assert_eq!(status(&server, signed(algorithm, None, &claims("ann"))).await, 200);
        }
        // Our own go on to be good.
        assert_eq!(status(&server, sign("ben")).await, 200);
        assert_eq!(status(&server, signed(Algorithm::RS256, Some("no"), &claims("a"))).await, {
            // A PEM has no name, a JWKS does.
            if text.starts_with('{') { 401 } else { 200 }
        });
    }
}

#[tokio::test]
async fn issuer_audience_expiry_and_leeway_are_checked() {
    let settings = [
        ("PARLOR_ISSUER", "https://id.example"),
        ("PARLOR_AUDIENCE", "chat"),
        ("PARLOR_TOKEN_LEEWAY", "60s"),
    ];
    let (server, _home) = start_with_keys(ALL_PEMS, &settings).await;
    let with = |name: &str, value: Value| {
        let mut claims = claims("ann");
        claims[name] = value;
        signed(Algorithm::ES256, None, &claims)
    };
    for (name, value, expected) in [
        ("aud", json!("chat"), 200),
        ("aud", json!(["other", "chat"]), 200),
        ("aud", json!("other"), 401),
        ("aud", Value::Null, 401),
        ("iss", json!("https://evil.example"), 401),
        ("iss", Value::Null, 401),
        ("exp", json!(now() - 30), 200),
        ("exp", json!(now() - 120), 401),
        ("nbf", json!(now() + 600), 401),
        ("sub", json!("not an id"), 401),
    ] {
        assert_eq!(status(&server, with(name, value.clone())).await, expected, "{name} {value}");
    }
}

#[tokio::test]
async fn a_token_cannot_choose_how_it_is_checked() {
    let (server, _home) = start_with_keys(ALL_PEMS, &[]).await;
    // The public key as if it were a shared secret.
    for public in [include_str!("support/keys/rsa.pub.pem"), ALL_PEMS] {
        let header = Header::new(Algorithm::HS256);
        let forged = encode(&header, &claims("ann"), &Key::Secret(public));
        assert_eq!(status(&server, forged).await, 401);
    }
    // No signature at all; an algorithm the key is not for.
    let good = signed(Algorithm::RS256, None, &claims("ann"));
    let parts: Vec<&str> = good.split('.').collect();
    // {"alg":"none"}
    assert_eq!(status(&server, format!("eyJhbGciOiJub25lIn0.{}.", parts[1])).await, 401);
    let mut header = Header::new(Algorithm::RS512);
    header.kid = None;
    let other = encode(&header, &claims("ann"), &key(Algorithm::RS256));
    assert_eq!(status(&server, other).await, 401);
}

#[tokio::test]
async fn published_keys_are_fetched_once_and_again_for_an_unknown_one() {
    let issuer = Receiver::start().await;
    issuer.answer(Reply::Body(200, jwks(&["rsa"])));
    let url = format!("{}/keys", issuer.url);
    let server = Server::builder().set("PARLOR_ISSUER_JWKS_URL", &url).start().await;
    for user in ["ann", "ben", "cy"] {
        let token = signed(Algorithm::RS256, Some("rsa-1"), &claims(user));
        assert_eq!(status(&server, token).await, 200);
    }
    assert_eq!(issuer.received().len(), 1);
    assert_eq!(issuer.received()[0].line, "GET /keys");
    // An unknown key is asked for, and then not again at once.
    let forged = |kid: &str| signed(Algorithm::ES256, Some(kid), &claims("ann"));
    for kid in ["ec-9", "ec-8", "ec-7"] {
        assert_eq!(status(&server, forged(kid)).await, 401);
    }
    assert!(issuer.received().len() <= 2, "{:?}", issuer.received().len());
}

#[tokio::test]
async fn an_issuer_that_is_down_ends_nothing_that_runs_and_is_told_from_a_bad_token() {
    let issuer = Receiver::start().await;
    issuer.answer(Reply::Body(500, String::new()));
    let server = Server::builder().set("PARLOR_ISSUER_JWKS_URL", &issuer.url).start().await;
    let token = |user: &str| signed(Algorithm::EdDSA, Some("ed-1"), &claims(user));
    assert_eq!(status(&server, token("ann")).await, 503);
    // Our own tokens do not need it.
    let ben = server.user("ben").await;
    let mut socket = ben.connect().await;
    issuer.answer(Reply::Body(200, jwks(&["ed"])));
    // It is asked again after a while.
    let ready = async {
        while status(&server, token("ann")).await != 200 {
            tokio::task::yield_now().await;
        }
    };
    within("the issuer's keys", ready).await;
    issuer.answer(Reply::HangUp);
    assert_eq!(status(&server, token("cy")).await, 200);
    socket.ask("presence.set", json!({"status": "away"})).await;
}

#[tokio::test]
async fn a_token_within_the_leeway_is_good_for_a_connection_and_revoked_for_as_long() {
    let (mut server, _home) = start_with_keys(ALL_PEMS, &[("PARLOR_TOKEN_LEEWAY", "10m")]).await;
    let mut claims = claims("ann");
    (claims["exp"], claims["jti"]) = (json!(now() - 30), json!("late"));
    let token = signed(Algorithm::ES256, None, &claims);
    let mut socket = Socket::ready(server.address(), Opening::default().bearer(&token)).await;
    socket.ask("presence.set", json!({"status": "away"})).await;
    let root = Token::of("root").claim("roles", json!(["admin"]));
    let admin = server.user_with("root", root).await;
    let expires_at = "2020-01-01T00:00:00Z";
    admin.post("/tokens/revoke", json!({"token_id": "other", "expires_at": expires_at})).await;
    let expired = chrono::DateTime::from_timestamp(now() - 30, 0).expect("a time").to_rfc3339();
    let revoked = json!({"token_id": "late", "expires_at": expired});
    admin.post("/tokens/revoke", revoked).await.expect(204);
    assert_eq!(socket.close_code().await, Some(4501));
    // Another one lets go of those that have expired, and so does a start.
    admin.post("/tokens/revoke", json!({"token_id": "third"})).await.expect(204);
    assert_eq!(status(&server, token.clone()).await, 401);
    server.restart().await;
    assert_eq!(status(&server, token).await, 401);
}

#[tokio::test]
async fn keys_of_other_kinds_and_for_other_uses_are_left_out_and_the_rest_is_good() {
    let mut set: Value = serde_json::from_str(&jwks(&["rsa", "ec"])).expect("a set");
    let keys = set["keys"].as_array_mut().expect("keys");
    keys[0]["use"] = json!("enc");
    keys.insert(0, json!({"kty": "AKP", "alg": "ML-DSA-44", "kid": "new", "pub": "AAAA"}));
    keys.insert(0, json!({"kid": "broken"}));
    let (server, _home) = start_with_keys(&set.to_string(), &[]).await;
    assert_eq!(status(&server, signed(Algorithm::ES256, None, &claims("ann"))).await, 200);
    let not_for_this = signed(Algorithm::RS256, None, &claims("ann"));
    assert_eq!(status(&server, not_for_this).await, 401);
}

#[tokio::test]
async fn an_issuer_that_is_slow_holds_up_nobody_whose_key_is_known() {
    let issuer = Receiver::start().await;
    issuer.answer(Reply::Body(200, jwks(&["ec"])));
    let server = Server::builder().set("PARLOR_ISSUER_JWKS_URL", &issuer.url).start().await;
    let good = signed(Algorithm::ES256, Some("ec-1"), &claims("ann"));
    assert_eq!(status(&server, good.clone()).await, 200);
    issuer.answer(Reply::Silence);
    let forged = signed(Algorithm::ES256, Some("no"), &claims("ann"));
    let asking = async {
        loop {
            assert_eq!(status(&server, forged.clone()).await, 401);
        }
    };
    // It is asked for the key that is not known, and says nothing.
    tokio::select! {
        () = asking => {}
        _ = issuer.wait_until("the issuer to be asked", |came| came.len() > 1) => {}
    }
    let soon = std::time::Duration::from_secs(2);
    for _ in 0..10 {
        let checked = tokio::time::timeout(soon, status(&server, good.clone())).await;
        assert_eq!(checked.expect("nobody waits for the issuer"), 200);
    }
    // Who hung up did not make it ask again.
    assert_eq!(issuer.received().len(), 2);
}

const SHORT: &str = include_str!("support/keys/rsa1024.private.jwk.json");

#[tokio::test]
async fn an_rsa_key_that_is_too_short_is_not_used_and_the_log_says_so() {
    let forged = |kid: Option<&str>| {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = kid.map(str::to_owned);
        encode(&header, &claims("ann"), &Key::Short(SHORT))
    };
    let pems = format!("{}{}", include_str!("support/keys/rsa1024.pub.pem"), ALL_PEMS);
    let mut set: Value = serde_json::from_str(&jwks(&["rsa", "ec"])).expect("a set");
    let jwk = serde_json::from_str(include_str!("support/keys/rsa1024.jwk.json")).expect("a key");
    set["keys"].as_array_mut().expect("keys").push(jwk);
    for text in [pems, set.to_string()] {
        let (server, _home) = start_with_keys(&text, &[]).await;
        for kid in [None, Some("short-1")] {
            assert_eq!(status(&server, forged(kid)).await, 401);
        }
        assert_eq!(status(&server, signed(Algorithm::RS256, None, &claims("ann"))).await, 200);
        let log = server.stderr();
        assert!(
            log.contains("RSA keys need at least 2048 bits") && log.contains("has 1024"),
            "{log}"
        );
    }
    // As an issuer publishes it.
    let issuer = Receiver::start().await;
    issuer.answer(Reply::Body(200, set.to_string()));
    let server = Server::builder().set("PARLOR_ISSUER_JWKS_URL", &issuer.url).start().await;
    assert_eq!(status(&server, forged(Some("short-1"))).await, 401);
    assert!(server.stderr().contains("short-1 has 1024"));
}

#[tokio::test]
async fn a_token_that_needs_what_is_not_understood_is_refused() {
    let (server, _home) = start_with_keys(ALL_PEMS, &[]).await;
    let mut header = Header::new(Algorithm::ES256);
    header.crit = Some(vec!["https://example.org/only-on-tuesdays".to_owned()]);
    let token = encode(&header, &claims("ann"), &key(Algorithm::ES256));
    assert_eq!(status(&server, token).await, 401);
}

#[tokio::test]
async fn the_users_of_the_issuer_and_of_the_application_are_not_each_others() {
    let (mut server, _home) = start_with_keys(ALL_PEMS, &[]).await;
    let issued = |user: &str, iss: &str| {
        let mut claims = claims(user);
        claims["iss"] = json!(iss);
        signed(Algorithm::ES256, None, &claims)
    };
    let (one, other) = (issued("ann", "https://one.example"), issued("ann", "https://two.example"));
    for _ in 0..2 {
        assert_eq!(status(&server, one.clone()).await, 200);
        for token in [other.clone(), sign("ann")] {
            assert_eq!(status(&server, token).await, 403);
        }
        assert_eq!(status(&server, sign("ben")).await, 200);
        assert_eq!(status(&server, issued("ben", "https://one.example")).await, 403);
        server.restart().await;
    }
}

#[tokio::test]
async fn an_application_moves_to_an_issuer_with_its_users() {
    let (mut server, _home) = start_with_keys(ALL_PEMS, &[]).await;
    let ann = server.user("ann").await;
    ann.create_room("den", "private").await;
    server.nobody().register("eve", "correct horse").await.expect(201);
    server.set("PARLOR_ADOPT_USERS_OF", "application");
    server.restart().await;
    let issued = |user: &str| signed(Algorithm::ES256, None, &claims(user));
    let ann = User::new(server.address().clone(), "ann", Some(issued("ann")));
    assert_eq!(ann.get("/rooms/den").await.expect(200)["role"], "owner");
    assert_eq!(status(&server, sign("ann")).await, 403, "the one before has her no more");
    assert_eq!(status(&server, issued("eve")).await, 403, "accounts were not named");
}
