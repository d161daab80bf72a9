//! Which other sites' pages may call the API.

use reqwest::Method;

use crate::support::{Outcome, Server, User};

const LISTED: &str = "https://app.example.org";

async fn preflight(server: &Server, origin: &str) -> Outcome {
    let request = server
        .nobody()
        .plain(Method::OPTIONS, "/api/v1/rooms")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,idempotency-key");
    User::outcome(request).await
}

#[tokio::test]
async fn a_listed_origin_may_call() {
    let server = Server::builder().set("PARLOR_ALLOWED_ORIGINS", LISTED).start().await;
    let answer = preflight(&server, LISTED).await;
    assert!((200..300).contains(&answer.status), "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), LISTED);
    assert!(answer.header("access-control-allow-methods").contains("POST"), "{answer:?}");
    let headers = answer.header("access-control-allow-headers").to_lowercase();
    for header in ["authorization", "content-type", "idempotency-key"] {
        assert!(headers.contains(header), "{header}: {answer:?}");
    }
    let alice = server.user("alice").await;
    let request = alice.request(Method::GET, "/me").header("origin", LISTED);
    let answer = User::outcome(request).await;
    answer.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), LISTED);
    // Refusals can be read by the page too.
    let request = alice.request(Method::GET, "/rooms/nowhere").header("origin", LISTED);
    let answer = User::outcome(request).await;
    answer.refused(404, "not_found");
    assert_eq!(answer.header("access-control-allow-origin"), LISTED);
}

#[tokio::test]
async fn any_other_origin_may_not() {
    let listed = Server::builder().set("PARLOR_ALLOWED_ORIGINS", LISTED).start().await;
    let unlisted = Server::start().await;
    for server in [&listed, &unlisted] {
        let answer = preflight(server, "https://evil.example").await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{answer:?}");
    }
}

#[tokio::test]
async fn the_servers_own_page_may_call() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let own = format!("http://{}", server.address().authority());
    let request = alice.request(Method::POST, "/rooms").header("origin", own);
    User::outcome(request.json(&serde_json::json!({}))).await.expect(201);
}
