//! The page in real browsers.
//!
//! They need Chromium and ChromeDriver, which `scripts/test` installs, and
//! are left out of a plain `cargo test`, which says so. A browser that is
//! closed asserts that the page left no error on its console.

mod at_the_end;
mod connection;
mod conversation;
mod drafts;
mod inbox_and_search;
mod interfaces;
mod links;
mod marks;
mod notifications;
mod people;
mod preferences;
mod refusals;
mod reports;
mod saved;
mod scheduled;
mod threads;
mod writing;

use serde_json::json;

use crate::support::{Browser, Driver, PASSWORD, Server, User};

/// Alice at the page with the room "lobby" open, and Ben, who is a member too.
struct Lobby {
    server: Server,
    driver: Driver,
    alice: Browser,
    ben: User,
}

async fn lobby() -> Lobby {
    lobby_of(Server::start().await).await
}

/// Who has signed up at a page, over REST.
async fn over_rest(server: &Server, id: &str) -> User {
    let anybody = User::new(server.address().clone(), id, None);
    let tokens = anybody.login(id, PASSWORD).await.expect(200);
    let token = tokens["access_token"].as_str().expect("a token").to_owned();
    User::new(server.address().clone(), id, Some(token))
}

async fn lobby_of(server: Server) -> Lobby {
    let driver = Driver::start().await;
    let alice = driver.open("alice", server.address()).await;
    alice.sign_up("alice").await;
    alice.create_public_room("lobby").await;
    let ben = server.user("ben").await;
    ben.connect().await.ask("room.join", json!({"room_id": "lobby"})).await;
    Lobby { server, driver, alice, ben }
}
