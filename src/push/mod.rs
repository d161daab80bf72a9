//! Tells devices what their users have not read: browsers, and applications on phones.
//!
//! What is said, and what the answers mean, is decided in `crates/push`; here it is sent.

mod apns;
mod busy;
mod exchange;
mod fcm;
mod look;
mod sender;
mod services;
mod task;
mod texts;
mod web;

pub use apns::ApnsConfig;
pub use fcm::FcmConfig;
pub use look::{PushLooker, ShownLooker};
pub use parlor_push::{BadAddress, Endpoints, Sent, VapidKeys};
pub use sender::PushSender;
pub use services::{Clients, PushConfig, Services};
pub use texts::{PushContent, PushTexts};
pub use web::WebPushConfig;

use std::time::Duration;

/// When devices are told, and what.
#[derive(Clone, Debug)]
pub struct TellConfig {
    /// For how long a message must be unread.
    pub after: Duration,
    pub texts: PushTexts,
}
