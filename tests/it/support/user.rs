//! One user, over REST and at the socket.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Address, DEADLINE, Opening, Outcome, Socket};

#[derive(Clone)]
pub struct User {
    pub id: String,
    pub token: Option<String>,
    address: Address,
    http: Client,
}

impl User {
    pub fn new(address: Address, id: &str, token: Option<String>) -> Self {
        // The client is built with TLS, though it speaks none here.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().timeout(DEADLINE).build();
        Self { id: id.to_owned(), token, address, http: http.expect("a client can be made") }
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    pub fn token(&self) -> &str {
        self.token.as_deref().expect("this user has a token")
    }

    // Requests

    /// A request with this user's token; `path` is below `/api/v1`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, self.address.http(&format!("/api/v1{path}")));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// A request to a path outside of the API.
    pub fn plain(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.address.http(path))
    }

    pub async fn outcome(request: RequestBuilder) -> Outcome {
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.text().await.expect("a whole body");
        Outcome { status, headers, body }
    }

    pub async fn get(&self, path: &str) -> Outcome {
        Self::outcome(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Outcome {
        Self::outcome(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Outcome {
        Self::outcome(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Outcome {
        Self::outcome(self.request(Method::DELETE, path)).await
    }

    // Accounts

    pub async fn register(&self, user: &str, password: &str) -> Outcome {
        self.post("/auth/register", json!({"user_id": user, "password": password})).await
    }

    pub async fn login(&self, user: &str, password: &str) -> Outcome {
        self.post("/auth/login", json!({"user_id": user, "password": password})).await
    }

    pub async fn refresh(&self, token: &Value) -> Outcome {
        self.post("/auth/refresh", json!({"refresh_token": token})).await
    }

    // Rooms

    pub async fn create_room(&self, room: &str, kind: &str) -> Value {
        self.post("/rooms", json!({"room_id": room, "kind": kind})).await.expect(201)
    }

    /// A private room of this user and others.
    pub async fn room_with(&self, room: &str, others: &[&User]) {
        self.create_room(room, "private").await;
        for other in others {
            self.add_member(room, other).await.expect(201);
        }
    }

    pub async fn add_member(&self, room: &str, user: &User) -> Outcome {
        self.put(&format!("/rooms/{room}/members/{}", user.id), json!({})).await
    }

    pub async fn remove_member(&self, room: &str, user: &User) -> Outcome {
        self.delete(&format!("/rooms/{room}/members/{}", user.id)).await
    }

    /// Posts a message over REST.
    pub async fn say(&self, room: &str, content: &str) -> Value {
        let body = json!({"content": content});
        self.post(&format!("/rooms/{room}/messages"), body).await.expect(201)
    }

    /// One page of a room's history; `query` is what follows the `?`.
    pub async fn history(&self, room: &str, query: &str) -> Value {
        self.get(&format!("/rooms/{room}/messages?{query}")).await.expect(200)
    }

    pub async fn read_state(&self, room: &str) -> Value {
        self.get(&format!("/rooms/{room}/read")).await.expect(200)
    }

    // Sockets

    /// Connects and waits for `session.ready`.
    pub async fn connect(&self) -> Socket {
        self.connect_with("").await
    }

    /// The same with a query.
    pub async fn connect_with(&self, query: &str) -> Socket {
        let opening = Opening::default().query(query).bearer(self.token());
        Socket::ready(&self.address, opening).await
    }

    /// The same where the server may be away.
    pub async fn try_connect_with(&self, query: &str) -> Option<Socket> {
        let opening = Opening::default().query(query).bearer(self.token());
        Socket::try_ready(&self.address, opening).await
    }

    /// Connects to take up again what was missed.
    pub async fn resume(&self, rooms: Value) -> (Socket, Value) {
        let mut socket = self.connect_with("resume=1").await;
        let answer = socket.ask("session.resume", json!({"rooms": rooms})).await;
        (socket, answer)
    }
}

/// The whole history of a room, page by page.
pub async fn history_of(user: &User, room: &str) -> Vec<Value> {
    let mut messages: Vec<Value> = Vec::new();
    loop {
        let after = messages.last().map_or(0, |message| message["seq"].as_i64().expect("a seq"));
        let page = user.history(room, &format!("after={after}&limit=200")).await;
        let new = page["messages"].as_array().expect("a list of messages");
        messages.extend(new.iter().cloned());
        if page["has_more"] == false {
            return messages;
        }
        assert!(!new.is_empty(), "an empty page says that there is more");
    }
}

/// A mark without the epoch that it is told with, which nobody can know before.
pub fn without_epoch(mark: &Value) -> Value {
    let mut fields = mark.as_object().expect("an object").clone();
    assert!(fields.remove("epoch").is_some_and(|epoch| epoch.is_string()), "{mark}");
    fields.into()
}

/// The `seq` of each message or event.
pub fn seqs<'a>(messages: impl IntoIterator<Item = &'a Value>) -> Vec<i64> {
    messages.into_iter().map(|message| message["seq"].as_i64().expect("a seq")).collect()
}
