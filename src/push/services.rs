//! The services that a deployment has, by the address of a device.

use std::{sync::Arc, time::Duration};

use reqwest::Client;

use super::{
    apns::{Apns, ApnsConfig},
    fcm::{Fcm, FcmConfig},
    web::{Web, WebPushConfig},
};
use crate::outbound;
use parlor_domain::{DeviceAddress, PushNote, Timestamp};
use parlor_push::{BadAddress, Endpoints, Sent, VapidKeys, check};

/// The services, and who we are to them.
#[derive(Clone, Debug)]
pub struct PushConfig {
    /// `None`: browsers are told nothing.
    pub web: Option<WebPushConfig>,
    /// `None`: nothing goes over Firebase.
    pub fcm: Option<FcmConfig>,
    /// `None`: nothing goes to Apple.
    pub apns: Option<ApnsConfig>,
    /// How long a service has for its answer.
    pub timeout: Duration,
}

impl PushConfig {
    /// Whether there is any service.
    pub fn has_any(&self) -> bool {
        self.web.is_some() || self.fcm.is_some() || self.apns.is_some()
    }

    /// Whether FCM and APNs know us, each by its name, or why not. Nobody is told anything.
    pub async fn examine(&self, at: Timestamp) -> Vec<(&'static str, Result<(), String>)> {
        let Clients { web: _, fcm: to_fcm, apns: to_apns } = Clients::new(self);
        let mut found = Vec::new();
        if let Some(fcm) = &self.fcm {
            found.push(("FCM", Fcm::new(fcm.clone(), to_fcm).examine(at).await));
        }
        if let Some(apns) = &self.apns {
            found.push(("APNs", Apns::new(apns.clone(), to_apns).examine(at).await));
        }
        found
    }
}

/// By which the services are asked: connections of their own for each.
#[derive(Clone)]
pub struct Clients {
    pub web: Client,
    pub fcm: Client,
    pub apns: Client,
}

impl Clients {
    pub fn new(config: &PushConfig) -> Self {
        let may_be_private = config.web.as_ref().is_some_and(WebPushConfig::may_be_private);
        let keeping = || outbound::keeping_client(config.timeout);
        let web = outbound::client_for_others(config.timeout, may_be_private);
        Self { web, fcm: keeping(), apns: keeping() }
    }
}

/// Sends to devices. Each service has places of its own, and for browsers each of their
/// hosts: one that hangs takes none of another's.
#[derive(Clone)]
pub struct Services(Arc<Inner>);

struct Inner {
    web: Option<Web>,
    fcm: Option<Fcm>,
    apns: Option<Apns>,
}

impl Services {
    /// `keys` are those of the deployment for browsers, which without them are told nothing.
    pub fn new(config: PushConfig, keys: Option<VapidKeys>) -> Self {
        let clients = Clients::new(&config);
        Self::with_clients(config, keys, clients)
    }

    pub fn with_clients(config: PushConfig, keys: Option<VapidKeys>, clients: Clients) -> Self {
        let PushConfig { web, fcm, apns, timeout } = config;
        Self(Arc::new(Inner {
            web: web.zip(keys).map(|(web, keys)| Web::new(web, keys, clients.web, timeout)),
            fcm: fcm.map(|fcm| Fcm::new(fcm, clients.fcm)),
            apns: apns.map(|apns| Apns::new(apns, clients.apns)),
        }))
    }

    /// Whether devices with such an address can be told anything.
    pub fn has(&self, address: &DeviceAddress) -> bool {
        match address {
            DeviceAddress::Web { .. } => self.0.web.is_some(),
            DeviceAddress::Fcm { .. } => self.has_fcm(),
            DeviceAddress::Apns { .. } => self.has_apns(),
        }
    }

    pub fn has_fcm(&self) -> bool {
        self.0.fcm.is_some()
    }

    pub fn has_apns(&self) -> bool {
        self.0.apns.is_some()
    }

    /// What browsers subscribe with, in base64url; `None`: they are told nothing.
    pub fn public_key(&self) -> Option<&str> {
        self.0.web.as_ref().map(Web::public_key)
    }

    /// Whether a device can have this address.
    ///
    /// # Errors
    /// What is wrong with it, for whoever registers it.
    pub fn check(&self, address: &DeviceAddress) -> Result<(), BadAddress> {
        let endpoints = self.0.web.as_ref().map_or(Endpoints::Public, Web::endpoints);
        check(address, endpoints)?;
        match address {
            DeviceAddress::Web { endpoint, .. } => Web::check_host(endpoint, endpoints),
            DeviceAddress::Fcm { .. } | DeviceAddress::Apns { .. } => Ok(()),
        }
    }

    /// By whom an address is told: what is slow there is slow for all that have the same. A
    /// sender that lets each have some of its places is held up by none.
    pub fn lane(address: &DeviceAddress) -> String {
        match address {
            DeviceAddress::Web { endpoint, .. } => Web::lane(endpoint),
            DeviceAddress::Fcm { .. } => "fcm".to_owned(),
            DeviceAddress::Apns { .. } => "apns".to_owned(),
        }
    }

    /// Tells a device of a note, and says what came of it. It waits for a place where there
    /// is none, and for what the service needs besides, each for as long as for an answer at
    /// most.
    pub async fn send(&self, address: &DeviceAddress, note: &PushNote, at: Timestamp) -> Sent {
        let Inner { web, fcm, apns } = &*self.0;
        match (address, web, fcm, apns) {
            (DeviceAddress::Web { endpoint, p256dh, auth }, Some(web), _, _) => {
                web.send(endpoint, p256dh, auth, note, at).await
            }
            (DeviceAddress::Fcm { token }, _, Some(fcm), _) => fcm.send(token, note, at).await,
            (DeviceAddress::Apns { token }, _, _, Some(apns)) => apns.send(token, note, at).await,
            _ => Sent::Refused { error: "its push service is not set up".to_owned() },
        }
    }
}
