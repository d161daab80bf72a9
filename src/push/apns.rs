//! Apple's devices.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use reqwest::Client;
use tokio::sync::Semaphore;

use super::exchange::exchange;
use parlor_domain::{PushNote, RoomId, Seq, Timestamp, limits::PUSH_AT_ONCE};
use parlor_push::{
    BadKey, Meaning, Sent,
    apns::{Provider, Target, read, request},
};

/// Who we are to Apple.
#[derive(Clone)]
pub struct ApnsConfig {
    /// Without a `/` at its end.
    url: Arc<str>,
    /// The application's bundle id.
    topic: Arc<str>,
    provider: Arc<Mutex<Provider>>,
}

impl fmt::Debug for ApnsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApnsConfig({}, {})", self.url, self.topic)
    }
}

impl ApnsConfig {
    /// `pem` is the file that Apple gives, and the ids are those that it is given under.
    ///
    /// # Errors
    /// If it is no such file.
    pub fn new(
        url: &str,
        topic: &str,
        pem: &[u8],
        (key_id, team_id): (&str, &str),
    ) -> Result<Self, BadKey> {
        let provider = Arc::new(Mutex::new(Provider::new(pem, key_id, team_id)?));
        Ok(Self { url: url.trim_end_matches('/').into(), topic: topic.into(), provider })
    }

    fn provider(&self) -> MutexGuard<'_, Provider> {
        self.provider.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token in the form that they have, and of nobody.
const NO_DEVICE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

pub(super) struct Apns {
    config: ApnsConfig,
    client: Client,
    places: Semaphore,
}

impl Apns {
    pub fn new(config: ApnsConfig, client: Client) -> Self {
        Self { config, client, places: Semaphore::new(PUSH_AT_ONCE) }
    }

    pub async fn send(&self, device: &str, note: &PushNote, at: Timestamp) -> Sent {
        let _place = self.places.acquire().await;
        let token = self.config.provider().token(at);
        match self.ask(device, note, &token, at).await {
            Meaning::Sent(sent) => sent,
            Meaning::StaleToken { error } => {
                // Another one is shown once; until Apple takes one, it is told again later.
                let Some(token) = self.config.provider().after(&token, at) else {
                    return Sent::failed(format!("{error}: is the clock right?"));
                };
                match self.ask(device, note, &token, at).await {
                    Meaning::Sent(sent) => sent,
                    Meaning::StaleToken { error } => Sent::failed(error),
                }
            }
        }
    }

    /// Whether Apple takes our token and topic, or why not: it answers to a device that there
    /// is not that there is none.
    pub async fn examine(&self, at: Timestamp) -> Result<(), String> {
        let note = PushNote {
            room: RoomId::from_stored("doctor"),
            thread: None,
            message: None,
            seq: Seq::ZERO,
            badge: 0,
            alert: None,
        };
        let token = self.config.provider().token(at);
        match self.ask(NO_DEVICE, &note, &token, at).await {
            Meaning::Sent(Sent::Done | Sent::Gone) => Ok(()),
            Meaning::Sent(Sent::Again { error, .. } | Sent::Refused { error })
            | Meaning::StaleToken { error } => Err(error),
        }
    }

    async fn ask(&self, device: &str, note: &PushNote, token: &str, at: Timestamp) -> Meaning {
        let target = Target { url: &self.config.url, topic: &self.config.topic };
        match exchange(&self.client, request(target, device, note, token, at)).await {
            Ok(answered) => read(&answered.at(at)),
            Err(error) => Meaning::Sent(Sent::failed(format!("APNs: {error}"))),
        }
    }
}
