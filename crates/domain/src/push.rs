//! What users are told on their devices while they are away.

use std::{fmt, sync::Arc};

use super::{DeviceId, MessageId, RoomId, Seq, Timestamp};

/// Who brings what is told to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PushService {
    /// The service of a browser's vendor (RFC 8030).
    Web,
    /// Firebase Cloud Messaging.
    Fcm,
    /// The Apple Push Notification service.
    Apns,
}

impl PushService {
    pub const ALL: [Self; 3] = [Self::Web, Self::Fcm, Self::Apns];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Fcm => "fcm",
            Self::Apns => "apns",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

impl fmt::Display for PushService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a push service finds one installation of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceAddress {
    /// A subscription of a browser (RFC 8030, RFC 8291).
    Web {
        /// The URL that the browser's push service has given.
        endpoint: Arc<str>,
        /// The public key of the browser: an uncompressed point of P-256 in base64url.
        p256dh: Arc<str>,
        /// The authentication secret: 16 bytes in base64url.
        auth: Arc<str>,
    },
    /// A registration token of Firebase Cloud Messaging.
    Fcm { token: Arc<str> },
    /// A device token of the Apple Push Notification service, in hexadecimal.
    Apns { token: Arc<str> },
}

impl DeviceAddress {
    pub fn service(&self) -> PushService {
        match self {
            Self::Web { .. } => PushService::Web,
            Self::Fcm { .. } => PushService::Fcm,
            Self::Apns { .. } => PushService::Apns,
        }
    }

    /// What no two devices have in common: an endpoint, or a token.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Web { endpoint, .. } => endpoint,
            Self::Fcm { token } | Self::Apns { token } => token,
        }
    }
}

/// A device of a user, as the user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub id: DeviceId,
    pub service: PushService,
    /// When the application last said where it is.
    pub registered_at: Timestamp,
    /// When it was last told something.
    pub told_at: Option<Timestamp>,
}

/// What a device is told of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushNote {
    pub room: RoomId,
    pub thread: Option<MessageId>,
    /// The newest message that it is about.
    pub message: Option<MessageId>,
    /// Up to where in the room it is about messages.
    pub seq: Seq,
    /// How much the user has not read, in all rooms and threads that they have not muted.
    pub badge: i64,
    /// What is shown. `None`: all of it was read elsewhere, and what is shown of it is to
    /// be taken away.
    pub alert: Option<PushAlert>,
}

/// What a notification says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushAlert {
    pub title: Arc<str>,
    pub body: Arc<str>,
}
