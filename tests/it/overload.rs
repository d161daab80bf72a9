//! More than the database takes is refused at once, and nothing is lost.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::{Server, history_of};

const BURST: usize = 200;

#[tokio::test]
async fn what_is_too_much_is_unavailable_and_what_is_acked_is_stored() {
    let server = Server::builder().set("PARLOR_WRITES_IN_FLIGHT", 4).start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut socket = alice.connect().await;
    let mut pending: Vec<String> = (0..BURST).map(|number| format!("m-{number}")).collect();
    let mut acked = BTreeSet::new();
    let mut refusals = 0;
    while !pending.is_empty() {
        let mut burst = Vec::new();
        for client_id in pending.drain(..) {
            let data = json!({"room_id": "den", "client_id": client_id, "content": client_id});
            burst.push((socket.begin("message.send", data).await, client_id));
        }
        let before = acked.len();
        for (id, client_id) in burst {
            match socket.answer(&id).await {
                Ok(ack) => {
                    assert_eq!(ack["duplicate"], false, "what was refused was not stored");
                    acked.insert(client_id);
                }
                Err(error) => {
                    assert_eq!(error["code"], "unavailable", "{error}");
                    assert!(error["retry_after_ms"].as_i64().is_some_and(|ms| ms > 0), "{error}");
                    refusals += 1;
                    pending.push(client_id);
                }
            }
        }
        assert!(acked.len() > before, "some of each burst are stored");
    }
    assert!(refusals > 0, "a burst of {BURST} is more than 4");
    let history = history_of(&alice, "den").await;
    let stored: BTreeSet<String> = history
        .iter()
        .map(|message| message["client_id"].as_str().expect("given").to_owned())
        .collect();
    assert_eq!((history.len(), stored), (BURST, acked));
}

#[tokio::test]
async fn reading_goes_on_while_writing_is_refused() {
    let server = Server::builder().set("PARLOR_WRITES_IN_FLIGHT", 1).start().await;
    let alice = server.user("alice").await;
    alice.create_room("den", "private").await;
    let mut socket = alice.connect().await;
    let mut requests = Vec::new();
    for number in 0..BURST {
        let data = json!({"room_id": "den", "content": format!("{number}")});
        requests.push(socket.begin("message.send", data).await);
    }
    alice.history("den", "").await;
    socket.ask("ping", json!({})).await;
    let mut acks = 0;
    for id in &requests {
        acks += usize::from(socket.answer(id).await.is_ok());
    }
    assert_eq!(history_of(&alice, "den").await.len(), acks);
}
