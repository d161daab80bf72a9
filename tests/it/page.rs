//! The page that comes with the server, as it is served.

use reqwest::Method;

use crate::support::{Outcome, Server, User};

async fn get(user: &User, path: &str) -> Outcome {
    User::outcome(user.plain(Method::GET, path)).await
}

#[tokio::test]
async fn the_page_and_its_modules_are_served() {
    let server = Server::start().await;
    let nobody = server.nobody();
    let page = get(&nobody, "/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    assert!(page.body.to_lowercase().starts_with("<!doctype html>"), "{}", page.body);
    assert!(page.body.contains("data-testid=\"sign-in\""), "{}", page.body);

    // Others import it from the one, which gives what the other has.
    for path in ["/parlor.js", "/client/parlor.js"] {
        let module = get(&nobody, path).await;
        assert_eq!(module.status, 200, "{path}");
        assert!(module.header("content-type").contains("javascript"), "{module:?}");
        assert!(module.body.contains("export "), "{path}");
    }
    assert!(get(&nobody, "/parlor.js").await.body.contains("\"./client/parlor.js\""));

    // A service worker is for what is below its own address.
    let worker = get(&nobody, "/worker.js").await;
    assert_eq!(worker.status, 200);
    assert!(worker.header("content-type").contains("javascript"), "{worker:?}");
    assert!(worker.body.contains("\"./client/push_worker.js\""), "{}", worker.body);
}

#[tokio::test]
async fn all_that_the_page_names_is_there() {
    let server = Server::start().await;
    let nobody = server.nobody();
    let page = get(&nobody, "/").await.body + &get(&nobody, "/api.html").await.body;
    let mut found = 0;
    for attribute in ["src=\"", "href=\""] {
        for rest in page.split(attribute).skip(1) {
            let path = rest.split('"').next().expect("it is closed");
            if path.starts_with("data:") || path.starts_with('#') {
                continue;
            }
            assert!(!path.contains("://"), "the page needs nothing from elsewhere: {path}");
            assert!(!path.starts_with('/'), "it may be below a path: {path}");
            let path = format!("/{}", path.trim_start_matches("./"));
            assert_eq!(get(&nobody, &path).await.status, 200, "{path}");
            found += 1;
        }
    }
    assert!(found > 0);
    // It is written for the address at which it is served, and for no other.
    assert_eq!(get(&nobody, "/page/index.html").await.status, 404);
}

#[tokio::test]
async fn a_page_that_has_not_changed_is_not_sent_again() {
    let server = Server::start().await;
    let nobody = server.nobody();
    let first = get(&nobody, "/parlor.js").await;
    let tag = first.header("etag");
    assert!(!tag.is_empty(), "{first:?}");
    let request = nobody.plain(Method::GET, "/parlor.js").header("if-none-match", tag);
    assert_eq!(User::outcome(request).await.status, 304);
}

#[tokio::test]
async fn nobody_is_invited_to_sign_up_where_accounts_are_off() {
    let server = Server::builder().set("PARLOR_ACCOUNTS", "off").start().await;
    let nobody = server.nobody();
    let page = get(&nobody, "/").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("no accounts of its own"), "{}", page.body);
    assert!(!page.body.contains("sign-up"), "{}", page.body);
    // What it needs is there.
    for path in ["/page/style.css", "/icon.svg", "/api.html"] {
        assert!(page.body.contains(&path[1..]), "{path}");
        assert_eq!(get(&nobody, path).await.status, 200, "{path}");
    }
}
