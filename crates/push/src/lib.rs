//! What push services take and what they answer: browsers' ([`web`], RFC 8030, 8188, 8291
//! and 8292), Firebase Cloud Messaging ([`fcm`], HTTP v1) and the Apple Push Notification
//! service ([`apns`]).
//!
//! Pure: of a device's address, a note and the time it makes a [`Request`], and it says what
//! an [`Answer`] means. Nothing here sends, waits or knows a clock; the tokens that are kept
//! know from the time they are handed when they are to be made anew.

#![forbid(unsafe_code)]

mod address;
pub mod apns;
mod encryption;
mod exchange;
pub mod fcm;
mod jwt;
mod kept;
mod payload;
mod vapid;
pub mod web;

pub use address::{BadAddress, Endpoints, check};
pub use exchange::{Answer, Meaning, Request, Sent};
pub use jwt::BadKey;
pub use vapid::{Vapid, VapidKeys};
