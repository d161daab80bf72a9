//! What is done with messages.

use serde_json::{Value, json};

use super::{DEADLINE, Outcome, Socket, User};

/// The id of a message, out of an ack, an event's data or a page.
pub fn id_of(message: &Value) -> String {
    let id = message["message_id"].as_str();
    id.unwrap_or_else(|| panic!("a message: {message}")).to_owned()
}

impl User {
    pub async fn message(&self, id: &str) -> Outcome {
        self.get(&format!("/messages/{id}")).await
    }

    pub async fn edit(&self, id: &str, content: &str) -> Outcome {
        self.patch(&format!("/messages/{id}"), json!({"content": content})).await
    }

    pub async fn erase(&self, id: &str) -> Outcome {
        self.delete(&format!("/messages/{id}")).await
    }

    pub async fn react(&self, id: &str, emoji: &str) -> Outcome {
        self.put(&format!("/messages/{id}/reactions/{emoji}"), json!({})).await
    }

    pub async fn unreact(&self, id: &str, emoji: &str) -> Outcome {
        self.delete(&format!("/messages/{id}/reactions/{emoji}")).await
    }

    pub async fn pin(&self, id: &str) -> Outcome {
        self.put(&format!("/messages/{id}/pin"), json!({})).await
    }

    pub async fn unpin(&self, id: &str) -> Outcome {
        self.delete(&format!("/messages/{id}/pin")).await
    }

    /// Posts a message with more than a content, and gives its id.
    pub async fn post_message(&self, room: &str, body: Value) -> String {
        id_of(&self.post(&format!("/rooms/{room}/messages"), body).await.expect(201))
    }

    /// Posts a plain message, and gives its id.
    pub async fn say_id(&self, room: &str, content: &str) -> String {
        id_of(&self.say(room, content).await)
    }

    pub async fn reply(&self, room: &str, to: &str, content: &str) -> String {
        self.post_message(room, json!({"content": content, "reply_to": to})).await
    }

    pub async fn reply_in_thread(&self, room: &str, root: &str, content: &str) -> String {
        self.post_message(room, json!({"content": content, "thread_id": root})).await
    }

    pub async fn mark_read(&self, room: &str, seq: i64) -> Value {
        self.put(&format!("/rooms/{room}/read"), json!({"seq": seq})).await.expect(200)
    }

    /// The room's newest position.
    pub async fn last_seq(&self, room: &str) -> i64 {
        let room = self.get(&format!("/rooms/{room}")).await.expect(200);
        room["last_seq"].as_i64().expect("a position")
    }

    /// Asks again and again until it is as wanted.
    pub async fn get_until(
        &self,
        what: &str,
        path: &str,
        wanted: impl Fn(&Outcome) -> bool,
    ) -> Outcome {
        let asking = async {
            loop {
                let outcome = self.get(path).await;
                if wanted(&outcome) {
                    return outcome;
                }
            }
        };
        let asked = tokio::time::timeout(DEADLINE, asking).await;
        asked.unwrap_or_else(|_| panic!("asked in vain for {what}"))
    }
}

impl Socket {
    /// The next event that has a place in a room's timeline.
    pub async fn next_change(&mut self, room: &str) -> Value {
        let wanted = |frame: &Value| frame["seq"].is_i64() && frame["room_id"] == room;
        self.next_where("a change", wanted).await
    }

    /// The events of a room up to a position, as they came; their numbers
    /// have no gap.
    pub async fn changes_up_to(&mut self, room: &str, last: i64) -> Vec<Value> {
        let mut changes: Vec<Value> = Vec::new();
        loop {
            let change = self.next_change(room).await;
            let seq = change["seq"].as_i64().expect("a position");
            if let Some(before) = changes.last() {
                assert_eq!(before["seq"], seq - 1, "{before} and then {change}");
            }
            changes.push(change);
            if seq >= last {
                return changes;
            }
        }
    }
}
