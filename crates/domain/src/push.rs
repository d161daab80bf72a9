//! What users are told on their devices while they are away.

use std::sync::Arc;

use super::{MessageId, RoomId, Seq};

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
