//! Two users, an administrator and a service, and a room in which something was said.
//! All of it is asked for over REST, as an application does.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};

use super::Failure;
use crate::{auth::TokenKeys, clock, config::Config, outbound};
use parlor_domain::{
    ADMIN, SERVICE, UserId,
    limits::{DEMO_TIMEOUT, DEMO_TOKEN, ERROR_BYTES},
};

pub(super) const ROOM: &str = "demo";

/// Each with a name, and a role in the room.
const PEOPLE: [(&str, &str, &str); 2] = [("ada", "Ada", "owner"), ("grace", "Grace", "member")];
const ADMINISTRATOR: &str = "admin";
const BACKEND: &str = "backend";

/// Each with who says it.
const SAID: [(usize, &str); 3] = [
    (0, "Hello Grace! This room is gone when the server ends."),
    (1, "Then let us try everything: replies, reactions, files, and what happens to both of us."),
    (0, "And whatever the application publishes is told here, too."),
];

/// The tokens of whom there is.
pub(super) struct Demo {
    /// Each with the name.
    pub people: Vec<(&'static str, String)>,
    pub admin: String,
    pub service: String,
}

/// Makes them on the server at `base`.
pub(super) async fn make(base: &str, config: &Config) -> Result<Demo, Failure> {
    let claims = config.identity.claims.clone();
    let keys = TokenKeys::new(&config.secret, None, Duration::ZERO, claims);
    let token = |id: &str, name: &str, role: Option<&str>| {
        let user = UserId::parse(id).map_err(Failure::environment)?;
        let roles: Vec<Arc<str>> = role.into_iter().map(Arc::from).collect();
        keys.issue(&user, Some(name), &roles, None, DEMO_TOKEN, clock::now())
            .map_err(Failure::environment)
    };
    let demo = Demo {
        people: PEOPLE
            .iter()
            .map(|(id, name, _)| Ok((*name, token(id, name, None)?)))
            .collect::<Result<_, Failure>>()?,
        admin: token(ADMINISTRATOR, "Administrator", Some(ADMIN))?,
        service: token(BACKEND, "Backend", Some(SERVICE))?,
    };
    let api = Api { client: outbound::direct_client(DEMO_TIMEOUT), base };
    api.fill(&demo).await?;
    Ok(demo)
}

struct Api<'a> {
    client: reqwest::Client,
    base: &'a str,
}

impl Api<'_> {
    async fn fill(&self, demo: &Demo) -> Result<(), Failure> {
        let room = json!({"room_id": ROOM, "kind": "public", "title": "Demo"});
        self.call(&demo.admin, Method::POST, "/rooms", room).await?;
        for (id, name, role) in PEOPLE {
            self.call(&demo.admin, Method::PUT, &format!("/users/{id}"), json!({"name": name}))
                .await?;
            let member = format!("/rooms/{ROOM}/members/{id}");
            self.call(&demo.admin, Method::PUT, &member, json!({"role": role})).await?;
        }
        for (who, content) in SAID {
            let (_, token) = &demo.people[who];
            let messages = format!("/rooms/{ROOM}/messages");
            let sent = self.call(token, Method::POST, &messages, json!({"content": content})).await;
            // An application that is asked before it is stored may refuse it.
            if let Err(Failure { line, .. }) = sent {
                log::warn!("{line}");
            }
        }
        Ok(())
    }

    async fn call(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<(), Failure> {
        let failed =
            |why| Failure::environment(format!("setting up the demo ({method} {path}): {why}"));
        let request = self.client.request(method.clone(), format!("{}/api/v1{path}", self.base));
        let sent = request.bearer_auth(token).json(&body).send().await;
        let response = sent.map_err(outbound::cause).map_err(failed)?;
        if response.status().is_success() {
            return Ok(());
        }
        let status = response.status();
        let body = outbound::body(response, ERROR_BYTES).await.map_err(failed)?;
        Err(failed(format!("{status}: {}", String::from_utf8_lossy(&body))))
    }
}
