//! The user that an assistant speaks for, at the server.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::{news::News, unsettled::Unsettled};
use crate::remote::{Failed, Server};
use parlor_domain::limits::{ASSISTANT_REPEATS, ASSISTANT_ROOMS};

#[derive(Clone, Debug, Deserialize)]
pub struct Me {
    pub id: String,
    pub name: String,
}

pub struct Speaker {
    pub(super) server: Arc<Server>,
    me: OnceCell<Me>,
    news: OnceLock<News>,
    memory: Arc<Memory>,
}

/// What is remembered from one call of an assistant to the next.
#[derive(Default)]
pub(super) struct Memory {
    unsettled: Mutex<Unsettled>,
    /// Up to where the assistant was told of rooms with something new.
    told: Mutex<HashMap<String, i64>>,
}

impl Speaker {
    pub fn of(server: Server) -> Self {
        Self {
            server: Arc::new(server),
            me: OnceCell::new(),
            news: OnceLock::new(),
            memory: Arc::default(),
        }
    }

    /// For one who is known, and whose assistant goes on with what is remembered.
    pub(super) fn going_on(server: Server, me: Me, memory: Arc<Memory>) -> Self {
        Self { me: OnceCell::new_with(Some(me)), memory, ..Self::of(server) }
    }

    /// Who it is, as the server says.
    pub async fn me(&self) -> Result<&Me, Failed> {
        let url = self.server.url(&["me"]);
        self.me.get_or_try_init(|| self.server.get(url)).await
    }

    /// The same, if the server has said it.
    pub fn known(&self) -> Option<&Me> {
        self.me.get()
    }

    /// What is new; nobody listens for it before the first who wants to know.
    pub(super) fn news(&self) -> &News {
        self.news.get_or_init(|| News::of(self.server.clone()))
    }

    /// Sends a message, which is there once however often it has to be tried, also by
    /// whoever is told that it may not be there.
    pub async fn send<T: for<'de> Deserialize<'de>>(
        &self,
        url: Url,
        body: &Value,
    ) -> Result<T, Failed> {
        let what = format!("{url} {body}");
        let unsettled = || self.memory.unsettled.lock().unwrap_or_else(PoisonError::into_inner);
        let key = unsettled().key_of(&what, Instant::now());
        let sent = self.server.post_once(url, body, &key).await;
        if !matches!(sent, Err(Failed::Away(_))) {
            // Over HTTP the answer may be lost on its way, of which nobody learns here.
            let within = if self.server.is_within() { ASSISTANT_REPEATS } else { Duration::ZERO };
            unsettled().settle(&key, Instant::now(), within);
        }
        sent
    }

    /// Whether something came in a room since the assistant was told of it last.
    pub fn is_news(&self, room: &str, last_seq: i64) -> bool {
        let mut told = self.memory.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= ASSISTANT_ROOMS && !told.contains_key(room) {
            told.clear();
        }
        told.insert(room.to_owned(), last_seq) != Some(last_seq)
    }
}

/// What a model can do about a refusal.
pub(super) fn refused(failed: &Failed) -> String {
    match failed {
        Failed::Away(why) => format!(
            "unavailable: the server could not be asked, or its answer was lost ({why}). Call \
             again in a while, with the same arguments: a message is not sent twice"
        ),
        Failed::Refused(refused) => {
            format!("{}: {}", refused.code.as_deref().unwrap_or("refused"), refused.message)
        }
    }
}
