//! What a person sees on Parlor's page, and does there.

use serde_json::json;

use super::{Browser, within};

/// The messages of the timeline with the text `args[0]`.
const MESSAGES: &str = "[...document.querySelectorAll('[data-testid=\"message\"]')]
    .filter((message) => message.textContent.includes(args[0]))";

/// Of everybody who signs up at a page.
pub const PASSWORD: &str = "a good password";

impl Browser {
    // Seeing

    /// Waits until the connection line says this.
    pub async fn is_connection(&self, state: &str) {
        let expression = "document.querySelector('[data-testid=\"connection-line\"]')
            .dataset.state === args[0]";
        self.wait_until(&format!("connection {state}"), expression, json!([state])).await;
    }

    /// Waits for a message with this text in one of these states.
    pub async fn sees(&self, text: &str, states: &[&str]) {
        let expression =
            format!("{MESSAGES}.some((message) => args[1].includes(message.dataset.state))");
        self.wait_until(&format!("{text:?} as {states:?}"), &expression, json!([text, states]))
            .await;
    }

    /// Waits for a message with this text in any state.
    pub async fn sees_text(&self, text: &str) {
        let expression = format!("{MESSAGES}.length > 0");
        self.wait_until(&format!("{text:?}"), &expression, json!([text])).await;
    }

    /// How often a message with this text is in the timeline.
    pub async fn times_seen(&self, text: &str) -> i64 {
        let count = self.evaluate(&format!("{MESSAGES}.length"), json!([text])).await;
        count.as_i64().expect("a number")
    }

    /// Waits until the room list shows this many unread messages in a room.
    pub async fn has_unread(&self, room: &str, unread: &str) {
        let expression = "document.querySelector(
            `[data-testid=\"room-item\"][data-room-id=\"${args[0]}\"] [data-testid=\"unread\"]`,
        ).textContent.includes(args[1])";
        self.wait_until("the unread count", expression, json!([room, unread])).await;
    }

    // Doing

    pub async fn sign_up(&self, user: &str) {
        self.fill("user-id", user).await;
        self.fill("password", PASSWORD).await;
        self.press("sign-up").await;
        self.is_connection("online").await;
    }

    pub async fn sign_in(&self, user: &str) {
        self.fill("user-id", user).await;
        self.fill("password", PASSWORD).await;
        self.press("sign-in").await;
        self.is_connection("online").await;
    }

    pub async fn sign_out(&self) {
        self.press("sign-out").await;
        self.find("sign-in").await;
    }

    pub async fn create_public_room(&self, room: &str) {
        self.press("new").await;
        self.fill("new-room-id", room).await;
        self.fill("new-room-title", &format!("The room {room}")).await;
        let kind = self.find("new-room-kind").await;
        within("the kind", kind.select_by_value("public")).await.expect("a kind can be chosen");
        self.press("create-room").await;
        self.open_room(room).await;
    }

    pub async fn join_room(&self, room: &str) {
        self.press("new").await;
        self.fill("join-room-id", room).await;
        self.press("join-room").await;
        self.open_room(room).await;
    }

    /// Waits for the room in the list and opens it.
    pub async fn open_room(&self, room: &str) {
        self.click_on(&format!("[data-testid=\"room-item\"][data-room-id=\"{room}\"]")).await;
        let open = "document.querySelector(args[0]).ariaCurrent === 'true'";
        let selector = format!("[data-testid=\"room-item\"][data-room-id=\"{room}\"]");
        self.wait_until("the open room", open, json!([selector])).await;
        self.find("composer").await;
    }

    pub async fn say(&self, text: &str) {
        self.fill("composer", text).await;
        self.press("send").await;
    }

    /// Says something in the thread that is open.
    pub async fn say_in_thread(&self, text: &str) {
        self.fill("thread-composer", text).await;
        self.press("thread-send").await;
    }

    /// Presses a button of the bar over the message with this text.
    pub async fn act_on(&self, text: &str, button: &str) {
        let expression = format!(
            "{MESSAGES}.some((message) => {{
                message.focus();
                const button = message.querySelector(`.bar [data-testid=\"${{args[1]}}\"]`);
                button?.click();
                return button;
            }})"
        );
        self.wait_until(&format!("{button} over {text:?}"), &expression, json!([text, button]))
            .await;
    }

    /// Chooses from the menu of the message with this text.
    pub async fn choose_for(&self, text: &str, choice: &str) {
        self.act_on(text, "more").await;
        self.press(choice).await;
    }

    /// Chooses from the menu of a member in the panel.
    pub async fn choose_for_member(&self, user: &str, choice: &str) {
        let member = format!("[data-testid=\"member\"][data-user=\"{user}\"]");
        self.click_on(&format!("{member} [data-testid=\"member-menu\"]")).await;
        self.press(choice).await;
    }

    /// Waits until there is an element for this selector.
    pub async fn has(&self, selector: &str) {
        let expression = "document.querySelector(args[0])?.checkVisibility()";
        self.wait_until(selector, expression, json!([selector])).await;
    }

    /// Waits until there is none.
    pub async fn has_no(&self, selector: &str) {
        let expression = "!document.querySelector(args[0])?.checkVisibility()";
        self.wait_until(&format!("no {selector}"), expression, json!([selector])).await;
    }
}
