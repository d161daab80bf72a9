//! One browser with Parlor's page, and what a person does in it.

use fantoccini::{Client, Locator, elements::Element};
use serde_json::{Value, json};

use super::within;

pub struct Browser {
    client: Client,
    /// The process to end when its driver goes.
    pub pid: Option<libc::pid_t>,
}

/// Resolves when an expression over `document` and `args` holds. The page
/// says itself when it has changed, so nothing polls.
const WAIT: &str = "
    const args = arguments[0], done = arguments[arguments.length - 1];
    const holds = () => { try { return Boolean(EXPRESSION); } catch { return false; } };
    if (holds()) { done(true); return; }
    const observer = new MutationObserver(() => {
        if (holds()) { observer.disconnect(); done(true); }
    });
    observer.observe(document, {
        subtree: true, childList: true, attributes: true, characterData: true,
    });";

/// The messages of the timeline with the text `args[0]`.
const MESSAGES: &str = "[...document.querySelectorAll('[data-testid=\"message\"]')]
    .filter((message) => message.textContent.includes(args[0]))";

impl Browser {
    pub fn new(client: Client) -> Self {
        let process = client.capabilities().and_then(|told| told.get("goog:processID"));
        let pid = process.and_then(Value::as_i64).and_then(|pid| pid.try_into().ok());
        Self { client, pid }
    }

    pub async fn goto(&self, url: &str) {
        within("the page", self.client.goto(url)).await.expect("the page opens");
    }

    pub async fn close(self) {
        within("the browser's end", self.client.close()).await.expect("the browser closes");
    }

    // Seeing

    /// Waits until an expression over `document` and `args` is true.
    async fn wait_until(&self, what: &str, expression: &str, args: Value) {
        let script = WAIT.replace("EXPRESSION", expression);
        let waiting = self.client.execute_async(&script, vec![args]);
        if let Err(error) = within(what, waiting).await {
            let page = self.client.source().await.unwrap_or_default();
            panic!("waited in vain for {what}: {error}\n{page}");
        }
    }

    /// Runs a script with `args`, and gives what it hands to its callback.
    pub async fn run(&self, script: &str, args: Value) -> Value {
        let running = self.client.execute_async(script, vec![args]);
        within("a script", running).await.expect("the script runs")
    }

    async fn evaluate(&self, expression: &str, args: Value) -> Value {
        let script = format!("const args = arguments[0]; return {expression};");
        let value = within("a script", self.client.execute(&script, vec![args])).await;
        value.expect("the script runs")
    }

    /// Waits until one of the page's elements is there to be used.
    async fn find(&self, name: &str) -> Element {
        let selector = format!("[data-testid=\"{name}\"]");
        let visible = "document.querySelector(args[0])?.checkVisibility()";
        self.wait_until(name, visible, json!([selector])).await;
        let found = within(name, self.client.find(Locator::Css(&selector))).await;
        found.expect("it is still there")
    }

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

    async fn fill(&self, name: &str, text: &str) {
        let field = self.find(name).await;
        within(name, field.clear()).await.expect("the field can be cleared");
        within(name, field.send_keys(text)).await.expect("the field takes text");
    }

    async fn press(&self, name: &str) {
        let button = self.find(name).await;
        within(name, button.click()).await.expect("the button can be pressed");
    }

    pub async fn sign_up(&self, user: &str) {
        self.fill("user-id", user).await;
        self.fill("password", "a good password").await;
        self.press("sign-up").await;
        self.is_connection("online").await;
    }

    pub async fn sign_in(&self, user: &str) {
        self.fill("user-id", user).await;
        self.fill("password", "a good password").await;
        self.press("sign-in").await;
        self.is_connection("online").await;
    }

    pub async fn sign_out(&self) {
        self.press("sign-out").await;
        self.find("sign-in").await;
    }

    pub async fn create_public_room(&self, room: &str) {
        self.fill("new-room-id", room).await;
        self.fill("new-room-title", &format!("The room {room}")).await;
        let kind = self.find("new-room-kind").await;
        within("the kind", kind.select_by_value("public")).await.expect("a kind can be chosen");
        self.press("create-room").await;
        self.open_room(room).await;
    }

    pub async fn join_room(&self, room: &str) {
        self.fill("join-room-id", room).await;
        self.press("join-room").await;
        self.open_room(room).await;
    }

    /// Waits for the room in the list and opens it.
    pub async fn open_room(&self, room: &str) {
        let selector = format!("[data-testid=\"room-item\"][data-room-id=\"{room}\"]");
        self.wait_until(
            "the room in the list",
            "document.querySelector(args[0])",
            json!([selector]),
        )
        .await;
        self.evaluate("document.querySelector(args[0]).click()", json!([selector])).await;
        self.find("composer").await;
    }

    pub async fn say(&self, text: &str) {
        self.fill("composer", text).await;
        self.press("send").await;
    }
}
