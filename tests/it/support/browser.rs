//! One browser: what is on its page, and what is done there by name.

use std::path::Path;

use fantoccini::{
    Client, Locator,
    actions::{InputSource, MouseActions, PointerAction},
    elements::Element,
    wd::WindowHandle,
};
use serde_json::{Value, json};

use super::within;

pub struct Browser {
    client: Client,
    /// Where its driver listens.
    driver: String,
    /// The process to end when its driver goes.
    pub pid: Option<libc::pid_t>,
}

/// Resolves when an expression over `document` and `args` holds. The page
/// says itself when it has changed, so nothing polls; what changes no element (a
/// picture has been loaded, a list scrolled, a field filled) is an event.
const WAIT: &str = "
    const args = arguments[0], done = arguments[arguments.length - 1];
    const holds = () => { try { return Boolean(EXPRESSION); } catch { return false; } };
    if (holds()) { done(true); return; }
    const events = ['load', 'scroll', 'input'];
    const look = () => {
        if (!holds()) return;
        observer.disconnect();
        for (const event of events) document.removeEventListener(event, look, true);
        done(true);
    };
    const observer = new MutationObserver(look);
    observer.observe(document, {
        subtree: true, childList: true, attributes: true, characterData: true,
    });
    for (const event of events) document.addEventListener(event, look, true);";

/// The visible elements of the name `args[0]`.
const SHOWN: &str = "[...document.querySelectorAll(`[data-testid=\"${args[0]}\"]`)]
    .filter((element) => element.checkVisibility())";

impl Browser {
    pub fn new(client: Client, driver: &str) -> Self {
        let process = client.capabilities().and_then(|told| told.get("goog:processID"));
        let pid = process.and_then(Value::as_i64).and_then(|pid| pid.try_into().ok());
        Self { client, driver: driver.to_owned(), pid }
    }

    pub async fn goto(&self, url: &str) {
        within("the page", self.client.goto(url)).await.expect("the page opens");
    }

    /// Opens a page in another tab, and goes there.
    pub async fn open_tab(&self, url: &str) {
        let opened = within("a tab", self.client.new_window(true)).await.expect("it is opened");
        self.go_to_tab(opened.handle).await;
        self.goto(url).await;
    }

    /// The tab that is looked at.
    pub async fn tab(&self) -> WindowHandle {
        within("the tab", self.client.window()).await.expect("there is one")
    }

    pub async fn go_to_tab(&self, tab: WindowHandle) {
        within("the tab", self.client.switch_to_window(tab)).await.expect("it is there");
    }

    pub async fn reload(&self) {
        within("the page", self.client.refresh()).await.expect("the page opens again");
    }

    /// Closes it; the page must not have complained.
    pub async fn close(self) {
        let complaints = self.complaints().await;
        assert!(complaints.is_empty(), "the page complained: {complaints:#?}");
        within("the browser's end", self.client.close()).await.expect("the browser closes");
    }

    /// Errors on the console, but for what a network that was cut leaves.
    async fn complaints(&self) -> Vec<String> {
        let log = self.ask_driver("se/log", json!({"type": "browser"})).await;
        let lines = log.as_array().expect("a list of lines").iter();
        let severe = lines.filter(|line| line["level"] == "SEVERE");
        let said = severe.map(|line| line["message"].as_str().unwrap_or_default().to_owned());
        said.filter(|line| !line.contains("net::ERR_") && !line.contains("WebSocket connection to"))
            .collect()
    }

    /// Asks the driver for what only this kind of browser has.
    async fn ask_driver(&self, what: &str, body: Value) -> Value {
        let session = within("the session", self.client.session_id()).await;
        let session = session.expect("the driver answers").expect("there is a session");
        let path = format!("{}/session/{session}/{what}", self.driver);
        // The client is built with TLS, though it speaks none here.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let request = reqwest::Client::builder().no_proxy().build().expect("a client can be made");
        let request = request.post(path).json(&body).send();
        let answer = within(what, request).await.expect("the driver answers");
        let mut answer: Value = answer.json().await.expect("JSON");
        answer["value"].take()
    }

    /// Gives a command of the DevTools protocol.
    pub async fn devtools(&self, command: &str, params: Value) {
        let asked = json!({"cmd": command, "params": params});
        let answer = self.ask_driver("goog/cdp/execute", asked).await;
        assert!(answer.get("error").is_none(), "{command}: {answer}");
    }

    // Seeing

    /// Waits until an expression over `document` and `args` is true.
    pub async fn wait_until(&self, what: &str, expression: &str, args: Value) {
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

    pub async fn evaluate(&self, expression: &str, args: Value) -> Value {
        let script = format!("const args = arguments[0]; return {expression};");
        let value = within("a script", self.client.execute(&script, vec![args])).await;
        value.expect("the script runs")
    }

    /// Waits until one of the page's elements is there to be used.
    pub async fn find(&self, name: &str) -> Element {
        let selector = format!("[data-testid=\"{name}\"]");
        let visible = "document.querySelector(args[0])?.checkVisibility()";
        self.wait_until(name, visible, json!([selector])).await;
        let found = within(name, self.client.find(Locator::Css(&selector))).await;
        found.expect("it is still there")
    }

    /// Waits until one of the visible elements of that name says this.
    pub async fn shows(&self, name: &str, text: &str) {
        let expression = format!("{SHOWN}.some((shown) => shown.textContent.includes(args[1]))");
        self.wait_until(&format!("{text:?} in {name}"), &expression, json!([name, text])).await;
    }

    /// Waits until no visible element of that name says this.
    pub async fn shows_no(&self, name: &str, text: &str) {
        let expression = format!("!{SHOWN}.some((shown) => shown.textContent.includes(args[1]))");
        self.wait_until(&format!("no {text:?} in {name}"), &expression, json!([name, text])).await;
    }

    // Doing

    pub async fn fill(&self, name: &str, text: &str) {
        let field = self.find(name).await;
        within(name, field.clear()).await.expect("the field can be cleared");
        within(name, field.send_keys(text)).await.expect("the field takes text");
    }

    /// Types at the end of a field; keys have the codes of WebDriver.
    pub async fn type_into(&self, name: &str, keys: &str) {
        let field = self.find(name).await;
        within(name, field.send_keys(keys)).await.expect("the field takes keys");
    }

    pub async fn press(&self, name: &str) {
        loop {
            let button = self.find(name).await;
            match within(name, button.click()).await {
                // What was drawn anew in between is pressed as it is now.
                Err(error) if error.is_stale_element_reference() => {}
                pressed => break pressed.expect("the button can be pressed"),
            }
        }
    }

    /// Moves the pointer onto an element.
    pub async fn point_at(&self, selector: &str) {
        let element = within(selector, self.client.find(Locator::Css(selector))).await;
        let there = PointerAction::MoveToElement {
            element: element.expect("it is there"),
            duration: None,
            x: 0.0,
            y: 0.0,
        };
        let pointing = self.client.perform_actions(MouseActions::new("mouse".into()).then(there));
        within("the pointer", pointing).await.expect("it can be moved");
    }

    /// Waits until there is such an element, and clicks it. In one go, so that
    /// it may be painted anew at any moment.
    pub async fn click_on(&self, selector: &str) {
        let expression = "(document.querySelector(args[0]).click(), true)";
        self.wait_until(selector, expression, json!([selector])).await;
    }

    /// Gives a file to a field, as if it had been picked.
    pub async fn pick(&self, name: &str, path: &Path) {
        let field = self.client.find(Locator::Css(&format!("[data-testid=\"{name}\"]"))).await;
        let path = path.to_str().expect("the path is text");
        let field = field.expect("the field is there");
        within(name, field.send_keys(path)).await.expect("the file can be picked");
    }
}
