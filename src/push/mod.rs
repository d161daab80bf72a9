//! Tells devices what their users have not read: browsers, and applications on phones.
//!
//! What is said, and what the answers mean, is decided in `crates/push`; here it is sent.

mod apns;
mod exchange;
mod fcm;
mod services;
mod web;

pub use apns::ApnsConfig;
pub use fcm::FcmConfig;
pub use parlor_push::{BadAddress, Endpoints, Sent, VapidKeys};
pub use services::{Clients, PushConfig, Services};
pub use web::WebPushConfig;
