//! Whether the server lives and can serve.

use reqwest::Method;

use crate::support::{Server, User};

#[tokio::test]
async fn a_server_that_runs_is_live_and_ready_and_says_so_to_anybody() {
    let server = Server::start().await;
    let nobody = server.nobody();
    for path in ["/health/live", "/health/ready"] {
        let outcome = User::outcome(nobody.plain(Method::GET, path)).await;
        assert_eq!(outcome.status, 200, "{path}: {outcome:?}");
    }
}
