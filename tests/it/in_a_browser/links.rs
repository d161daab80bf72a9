//! The links of `parlor dev`.

use serde_json::json;

use super::{Driver, Server};
use crate::support::{Browser, Token, sign};

/// The address shows no token, neither does going back.
async fn has_no_token(browser: &Browser) {
    let bare = "location.hash === '' && !location.href.includes('token')";
    browser.wait_until("the bare address", bare, json!([])).await;
}

/// The page is as without a link.
async fn is_ignored(browser: &Browser, has_accounts: bool) {
    has_no_token(browser).await;
    if has_accounts {
        browser.find("sign-in").await;
        let error = "document.getElementById('sign-in-error').textContent";
        assert_eq!(browser.evaluate(error, json!([])).await, "");
    }
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn two_links_in_two_tabs_are_two_people() {
    let mut server = Server::builder().start_dev().await;
    let [ada, grace, admin] = server.links().await;
    let driver = Driver::start().await;
    // In a window that shows the page already.
    let browser = driver.open("both", server.address()).await;
    browser.find("sign-in").await;
    let first = browser.tab().await;
    browser.goto(&ada).await;
    browser.is_connection("online").await;
    has_no_token(&browser).await;
    browser.open_room("demo").await;
    browser.sees_text("Hello Grace!").await;

    browser.open_tab(&grace).await;
    browser.is_connection("online").await;
    browser.open_room("demo").await;
    browser.say("I am somebody else").await;
    browser.sees("I am somebody else", &["stored", "delivered", "read"]).await;
    browser.open_tab(&admin).await;
    browser.is_connection("online").await;

    browser.go_to_tab(first).await;
    browser.sees_text("I am somebody else").await;
    // Each tab keeps its own, also when it is loaded again.
    browser.reload().await;
    browser.is_connection("online").await;
    let name = "document.getElementById('me').textContent === 'Ada'";
    browser.wait_until("Ada", name, json!([])).await;
    browser.sign_out().await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_link_that_is_no_good_says_so_and_keeps_nothing() {
    let server = Server::builder().start_dev().await;
    let driver = Driver::start().await;
    let browser = driver.open("late", server.address()).await;
    let foreign = Token::of("eve").signed_with("another secret that is long enough for HS256");
    for token in ["", "nonsense", "%3Cb%3E", &foreign.text()] {
        browser.open_tab(&server.address().http(&format!("/#token={token}"))).await;
        let told = "document.getElementById('sign-in-error').textContent.length > 0";
        browser.wait_until("why not", told, json!([])).await;
        has_no_token(&browser).await;
        browser.find("sign-in").await;
        let kept = browser.evaluate("sessionStorage.length + localStorage.length", json!([])).await;
        assert_eq!(kept, 0, "{token}");
    }
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn a_link_signs_nobody_in_elsewhere_and_at_no_other_server() {
    let driver = Driver::start().await;
    for accounts in ["on", "off"] {
        let server = Server::builder().set("PARLOR_ACCOUNTS", accounts).start().await;
        let browser = driver.open(accounts, server.address()).await;
        let port = server.address().port();
        for host in ["127.0.0.1", "parlor.localhost"] {
            browser.goto(&format!("http://{host}:{port}/#token={}", sign("ada"))).await;
            is_ignored(&browser, accounts == "on").await;
        }
        browser.close().await;
    }
    let mut server = Server::builder().start_dev().await;
    let [ada, ..] = server.links().await;
    let browser = driver.open("dev", server.address()).await;
    browser.goto(&ada.replace("127.0.0.1", "parlor.localhost")).await;
    is_ignored(&browser, true).await;
    browser.close().await;
}
