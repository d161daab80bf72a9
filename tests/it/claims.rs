//! Claims that are not called as Parlor calls them.

use serde_json::json;

use crate::support::{SECRET, Server, Token, User, run, run_with};

const PASSWORD: &str = "correct horse battery";

async fn start() -> Server {
    Server::builder()
        .set("PARLOR_CLAIM_USER", "user_id, userId,sub")
        .set("PARLOR_CLAIM_NAME", "https://example.org/username")
        .set("PARLOR_CLAIM_ROLES", "realm_access.roles,scope")
        .set("PARLOR_CLAIM_ROLE_CONTEXT", "roleContextId")
        .start()
        .await
}

fn with(server: &Server, token: String) -> User {
    User::new(server.address().clone(), "x", Some(token))
}

#[tokio::test]
async fn the_claims_of_an_application_are_called_as_it_says() {
    let server = start().await;
    let token = Token::of("ignored")
        .claim("userId", 42)
        .claim("https://example.org/username", "x".repeat(101))
        .claim("name", "nobody")
        .claim("realm_access", json!({"roles": ["service"]}))
        .claim("roleContextId", "board:1");
    let user = with(&server, token.text());
    let me = user.get("/me").await.expect(200);
    assert_eq!((&me["id"], &me["name"]), (&json!("42"), &json!("x".repeat(100))), "{me}");
    let socket = user.connect().await;
    assert_eq!(socket.ready["user"]["roles"], json!(["service"]), "{}", socket.ready);
    // It hears what is said to its role context.
    let mut socket = socket;
    let event = json!({"type": "task.updated", "data": {}});
    user.post("/roles/board:1/events", event).await.expect(201);
    socket.next_event("task.updated").await;
    // The next of the names, and roles as a text.
    let token = Token::of("ann").claim("scope", "openid admin");
    let ann = with(&server, token.text()).connect().await;
    assert_eq!(ann.ready["user"]["id"], "ann");
    assert_eq!(ann.ready["user"]["roles"], json!(["openid", "admin"]));
}

#[tokio::test]
async fn what_is_wrong_with_a_claim_is_in_the_log_by_its_own_name() {
    let server = start().await;
    for token in [
        Token::of("x").without("sub"),
        Token::of("x").claim("userId", json!({"id": 42})),
        Token::of("x").claim("user_id", "o'brien"),
        Token::of("x").claim("realm_access", json!({"roles": {"admin": true}})),
    ] {
        with(&server, token.text()).get("/me").await.refused(401, "unauthorized");
    }
    let log = server.stderr();
    for line in [
        "it lacks user_id or userId or sub",
        "it has an invalid userId",
        "it has a user_id that may only have the characters",
        "it has an invalid realm_access.roles",
    ] {
        assert!(log.contains(line), "{line} in {log}");
    }
}

#[tokio::test]
async fn accounts_have_their_own_claims_and_tokens_of_the_command_line_those_that_are_set() {
    let server = start().await;
    let tokens = server.nobody().register("ben", PASSWORD).await.expect(201);
    let token = tokens["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(with(&server, token).get("/me").await.expect(200)["id"], "ben");
    let home = tempfile::tempdir().expect("a directory");
    let settings = [
        ("JWT_SECRET", SECRET),
        ("PARLOR_CLAIM_USER", "user_id,sub"),
        ("PARLOR_CLAIM_ROLES", "realm_access.roles"),
    ];
    let args = ["token", "--user", "cy", "--role", "admin"];
    let made = run_with(&home, &args, &settings).await;
    let cy = with(&server, made.stdout.trim().to_owned());
    assert_eq!(cy.get("/me").await.expect(200)["id"], "cy");
    cy.get("/stats").await.expect(200);
}

#[tokio::test]
async fn a_setting_that_names_no_claim_is_refused() {
    for option in ["claim-user", "claim-name", "claim-roles", "claim-role-context"] {
        run(&[&format!("--{option}=,")]).await.refused(2, option);
    }
}
