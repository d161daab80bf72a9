//! The page of interfaces.

use serde_json::json;

use crate::support::{Driver, Server};

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn the_page_of_interfaces_lists_calls_and_frames() {
    let server = Server::start().await;
    let driver = Driver::start().await;
    let browser = driver.open("somebody", server.address()).await;
    browser.goto(&server.address().http("/api.html")).await;
    let listed = "[...document.querySelectorAll('details > summary')]
        .some((call) => call.textContent.includes(args[0]) && call.checkVisibility())";
    for call in ["post/api/v1/rooms", "commandmessage.send", "eventmessage.created"] {
        browser.wait_until(call, listed, json!([call])).await;
    }
    let narrow = "(() => {
        const find = document.getElementById('find');
        find.value = 'reaction';
        find.dispatchEvent(new Event('input'));
    })()";
    browser.evaluate(narrow, json!([])).await;
    browser.wait_until("reactions", listed, json!(["commandreaction.add"])).await;
    assert_eq!(browser.evaluate(listed, json!(["commandmessage.send"])).await, false);
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: run scripts/test"]
async fn an_operation_is_linked_to_and_tried_out_with_a_token() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let driver = Driver::start().await;
    let browser = driver.open("ann", server.address()).await;
    browser.goto(&server.address().http("/api.html#createRoom")).await;
    let opened = "document.getElementById(args[0])?.open";
    browser.wait_until("the operation of the address", opened, json!(["createRoom"])).await;
    let send = "(() => {
        const [id, token, body] = args;
        document.getElementById('token').value = token;
        const form = document.querySelector(`#${id} form`);
        form.querySelector('textarea').value = body;
        form.requestSubmit();
    })()";
    let body = json!({"room_id": "tried-out", "title": "Tried out"}).to_string();
    let answered = "document.querySelector(`#${args[0]} form pre`).textContent.startsWith(args[1])";
    browser.evaluate(send, json!(["createRoom", ann.token(), body])).await;
    browser.wait_until("the room", answered, json!(["createRoom", "201"])).await;
    assert_eq!(ann.get("/rooms/tried-out").await.expect(200)["title"], "Tried out");

    // What the parameters say is where it belongs, and types are linked to.
    browser.goto(&server.address().http("/api.html#getRoom")).await;
    browser.wait_until("the other one", opened, json!(["getRoom"])).await;
    let ask = "(() => {
        document.getElementById('token').value = args[0];
        const form = document.querySelector('#getRoom form');
        form.elements.room.value = 'tried-out';
        form.requestSubmit();
    })()";
    browser.evaluate(ask, json!([ann.token()])).await;
    browser.wait_until("the room", answered, json!(["getRoom", "200"])).await;
    let follow = "document.querySelector('#getRoom a[href=\"#type-Room\"]').click()";
    browser.evaluate(follow, json!([])).await;
    browser.wait_until("the type", opened, json!(["type-Room"])).await;
    browser.close().await;
}
