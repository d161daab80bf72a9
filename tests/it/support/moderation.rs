//! What is done about rooms and their members.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Outcome, User};

impl User {
    pub async fn patch(&self, path: &str, body: Value) -> Outcome {
        Self::outcome(self.request(Method::PATCH, path).json(&body)).await
    }

    // Rooms of two

    pub async fn open_direct(&self, other: &User) -> Outcome {
        self.put(&format!("/rooms/direct/{}", other.id), json!({})).await
    }

    /// The id of the room of two.
    pub async fn direct(&self, other: &User) -> String {
        let room = self.open_direct(other).await.json();
        room["room_id"].as_str().unwrap_or_else(|| panic!("a room: {room}")).to_owned()
    }

    pub async fn block(&self, other: &User) -> Outcome {
        self.put(&format!("/blocks/{}", other.id), json!({})).await
    }

    pub async fn unblock(&self, other: &User) -> Outcome {
        self.delete(&format!("/blocks/{}", other.id)).await
    }

    // Members

    pub async fn join(&self, room: &str) -> Outcome {
        self.add_member(room, self).await
    }

    pub async fn leave(&self, room: &str) -> Outcome {
        self.remove_member(room, self).await
    }

    pub async fn change_member(&self, room: &str, user: &User, change: Value) -> Outcome {
        self.patch(&format!("/rooms/{room}/members/{}", user.id), change).await
    }

    pub async fn set_role(&self, room: &str, user: &User, role: &str) -> Outcome {
        self.change_member(room, user, json!({"role": role})).await
    }

    pub async fn mute(&self, room: &str, user: &User, seconds: i64) -> Outcome {
        self.change_member(room, user, json!({"mute_seconds": seconds})).await
    }

    pub async fn transfer(&self, room: &str, to: &User) -> Outcome {
        self.post(&format!("/rooms/{room}/transfer"), json!({"user_id": to.id})).await
    }

    pub async fn ban(&self, room: &str, user: &User, ban: Value) -> Outcome {
        self.put(&format!("/rooms/{room}/bans/{}", user.id), ban).await
    }

    pub async fn unban(&self, room: &str, user: &User) -> Outcome {
        self.delete(&format!("/rooms/{room}/bans/{}", user.id)).await
    }

    /// Tries to say something.
    pub async fn try_say(&self, room: &str, content: &str) -> Outcome {
        self.post(&format!("/rooms/{room}/messages"), json!({"content": content})).await
    }
}
