//! Applications that Firebase Cloud Messaging reaches.

use std::{fmt, sync::Arc};

use reqwest::Client;
use tokio::sync::{Mutex, Semaphore};

use super::exchange::exchange;
use parlor_domain::{
    PushNote, Timestamp,
    limits::{FCM_TOKEN_AGAIN, PUSH_AT_ONCE},
};
use parlor_push::{
    BadKey, Meaning, Sent,
    fcm::{AccessToken, ServiceAccount, read},
};

/// Who we are to Firebase.
#[derive(Clone)]
pub struct FcmConfig {
    /// Without a `/` at its end.
    url: Arc<str>,
    account: Arc<ServiceAccount>,
}

impl fmt::Debug for FcmConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FcmConfig({}, {})", self.url, self.account.project())
    }
}

impl FcmConfig {
    /// `file` is that of a service account, as Google gives it.
    ///
    /// # Errors
    /// If it is none.
    pub fn new(url: &str, file: &[u8]) -> Result<Self, BadKey> {
        let account = Arc::new(ServiceAccount::read(file)?);
        Ok(Self { url: url.trim_end_matches('/').into(), account })
    }
}

pub(super) struct Fcm {
    config: FcmConfig,
    client: Client,
    places: Semaphore,
    /// Who finds none asks for one, and the others wait for it.
    token: Mutex<Kept>,
}

#[derive(Default)]
enum Kept {
    #[default]
    Nothing,
    Token(AccessToken),
    /// There is none, since when and why.
    Failed(Timestamp, String),
}

impl Fcm {
    pub fn new(config: FcmConfig, client: Client) -> Self {
        let (places, token) = (Semaphore::new(PUSH_AT_ONCE), Mutex::default());
        Self { config, client, places, token }
    }

    pub async fn send(&self, device: &str, note: &PushNote, at: Timestamp) -> Sent {
        let _place = self.places.acquire().await;
        let mut refused = None;
        // With a token that is kept, and if Google has revoked that one, with a new one.
        for _ in 0..2 {
            let token = match self.token(refused.as_ref(), at).await {
                Ok(token) => token,
                Err(error) => return Sent::failed(error),
            };
            match self.ask(device, note, &token, at).await {
                Meaning::Sent(sent) => return sent,
                Meaning::StaleToken { error } => refused = Some((token, error)),
            }
        }
        Sent::failed(refused.map_or(String::new(), |(_, error)| error))
    }

    async fn ask(
        &self,
        device: &str,
        note: &PushNote,
        token: &AccessToken,
        at: Timestamp,
    ) -> Meaning {
        let FcmConfig { url, account } = &self.config;
        match exchange(&self.client, account.request(url, device, note, token, at)).await {
            Ok(answered) => read(&answered.at(at)),
            Err(error) => Meaning::Sent(Sent::failed(format!("FCM: {error}"))),
        }
    }

    /// Whether Google gives us access, or why not.
    pub async fn examine(&self, at: Timestamp) -> Result<(), String> {
        self.token(None, at).await.map(drop)
    }

    /// The token that is kept, or another one: not the one that was refused.
    async fn token(
        &self,
        refused: Option<&(AccessToken, String)>,
        at: Timestamp,
    ) -> Result<AccessToken, String> {
        let mut kept = self.token.lock().await;
        match &*kept {
            Kept::Token(token)
                if token.counts(at) && refused.is_none_or(|(other, _)| !token.is(other)) =>
            {
                return Ok(token.clone());
            }
            Kept::Failed(since, error)
                if u128::from(at.0.abs_diff(since.0)) < FCM_TOKEN_AGAIN.as_millis() =>
            {
                return Err(error.clone());
            }
            _ => {}
        }
        let got = match exchange(&self.client, self.config.account.token_request(at)).await {
            Ok(answered) => AccessToken::read(&answered.at(at)),
            Err(error) => Err(format!("Google gave no access token: {error}")),
        };
        *kept = match &got {
            Ok(token) => Kept::Token(token.clone()),
            Err(error) => Kept::Failed(at, error.clone()),
        };
        got
    }
}
