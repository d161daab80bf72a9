//! Browsers, each by the push service that it has chosen.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Client, Url};

use super::exchange::exchange;
use crate::{
    outbound,
    turns::{Shares, Turns},
};
use parlor_domain::{
    PushNote, Timestamp,
    limits::{WEB_PUSH_AT_ONCE, WEB_PUSH_EACH, WEB_PUSH_WAITING, WEB_PUSH_WAITING_EACH},
};
use parlor_push::{
    BadAddress, Endpoints, Sent, Vapid, VapidKeys,
    web::{Browser, read},
};

/// What browsers' push services know of us.
#[derive(Clone, Debug)]
pub struct WebPushConfig {
    /// Where they reach the operator: a `mailto:` or `https:` URL.
    pub contact: Arc<str>,
    pub endpoints: Endpoints,
}

impl WebPushConfig {
    pub(super) fn may_be_private(&self) -> bool {
        self.endpoints == Endpoints::Any
    }
}

pub(super) struct Web {
    endpoints: Endpoints,
    vapid: Mutex<Vapid>,
    public_key: Arc<str>,
    client: Client,
    /// By the hash of a host: a key that is copied.
    turns: Turns<u64>,
    hasher: RandomState,
}

impl Web {
    pub fn new(config: WebPushConfig, keys: VapidKeys, client: Client, timeout: Duration) -> Self {
        let WebPushConfig { contact, endpoints } = config;
        let shares = Shares {
            places: WEB_PUSH_AT_ONCE,
            each: WEB_PUSH_EACH,
            waiting: WEB_PUSH_WAITING,
            waiting_each: WEB_PUSH_WAITING_EACH,
            queue_timeout: timeout,
        };
        Self {
            endpoints,
            public_key: keys.public_key().clone(),
            vapid: Mutex::new(Vapid::new(keys, contact)),
            client,
            turns: Turns::new(shares),
            hasher: RandomState::new(),
        }
    }

    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    pub fn endpoints(&self) -> Endpoints {
        self.endpoints
    }

    /// A host that is an address is looked up by nobody, so it is looked at here.
    pub fn check_host(endpoint: &str, endpoints: Endpoints) -> Result<(), BadAddress> {
        let url: Url = endpoint.parse().map_err(|_| BadAddress::Endpoint)?;
        match endpoints == Endpoints::Public && outbound::names_private_address(&url) {
            true => Err(BadAddress::PrivateEndpoint),
            false => Ok(()),
        }
    }

    pub fn lane(endpoint: &str) -> String {
        let url = Url::parse(endpoint).ok();
        url.map_or(String::new(), |url| url.authority().to_owned())
    }

    pub async fn send(
        &self,
        endpoint: &str,
        p256dh: &str,
        auth: &str,
        note: &PushNote,
        at: Timestamp,
    ) -> Sent {
        let browser = Browser::new(endpoint, p256dh, auth, self.endpoints).and_then(|browser| {
            Self::check_host(endpoint, self.endpoints)?;
            Ok(browser)
        });
        // What was registered under other settings.
        let browser = match browser {
            Ok(browser) => browser,
            Err(bad) => return Sent::Refused { error: bad.to_string() },
        };
        if note.alert.is_none() && !browser.takes_silent() {
            return Sent::Done;
        }
        let Ok(_turn) = self.turns.enter(self.hasher.hash_one(Self::lane(endpoint))).await else {
            return Sent::failed("too many wait for the push service of the browser");
        };
        let authorization = {
            let mut vapid = self.vapid.lock().unwrap_or_else(PoisonError::into_inner);
            browser.authorization(&mut vapid, at)
        };
        let request = match browser.request(note, &authorization) {
            Ok(request) => request,
            Err(bad) => return Sent::Refused { error: bad.to_string() },
        };
        match exchange(&self.client, request).await {
            Ok(answered) => read(&answered.at(at)),
            Err(error) => Sent::failed(format!("the push service of the browser: {error}")),
        }
    }
}
