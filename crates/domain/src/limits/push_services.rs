//! What is sent to push services.

use std::time::Duration;

/// Bytes of a subscription's endpoint: browsers give some 200 to 600.
pub const PUSH_ENDPOINT_BYTES: usize = 2_048;
/// Bytes of a registration token of FCM, which are some 160 and have no stated bound.
pub const FCM_TOKEN_BYTES: usize = 2_048;
/// Digits of a device token of APNs. They are 64 today, and Apple says not to rely on it.
pub const APNS_TOKEN_DIGITS: usize = 200;

/// Bytes of a payload that FCM and APNs take.
pub const PUSH_PAYLOAD_BYTES: usize = 4_096;
/// Bytes of a message that every push service of browsers takes before it is encrypted:
/// 4,096 with what that adds (RFC 8291 section 4).
pub const WEB_PUSH_BYTES: usize = 3_993;
/// To a multiple of this a message for a browser is padded, so that its length says little
/// of what is in it.
pub const WEB_PUSH_PADDED_TO: usize = 256;
/// Bytes of a notification's title, as JSON has it; the rest is left for the body.
pub const PUSH_TITLE_BYTES: usize = 512;
/// How long a push service keeps what it cannot deliver: after a day it is no news.
pub const PUSH_TTL: Duration = Duration::from_secs(24 * 3600);

/// How long a token for browsers' push services counts, and is used: services refuse more
/// than 24 hours (RFC 8292 section 2), and an hour is left for clocks that differ.
pub const VAPID_TTL: Duration = Duration::from_secs(12 * 3600);
pub const VAPID_USED: Duration = Duration::from_secs(11 * 3600);
/// Push services whose tokens are kept, some 500 bytes each: there are a handful, and whoever
/// names more only has them signed again.
pub const VAPID_KEPT: usize = 256;
/// How long a provider token for APNs is used. Apple refuses those of more than an hour, and
/// new ones before 20 minutes.
pub const APNS_TOKEN_USED: Duration = Duration::from_secs(40 * 60);
pub const APNS_TOKEN_RENEWED: Duration = Duration::from_secs(20 * 60);
/// How long an assertion for an access token of FCM counts: the most that Google takes.
pub const FCM_ASSERTION_TTL: Duration = Duration::from_secs(3600);
/// How long before its end an access token is renewed.
pub const FCM_TOKEN_MARGIN: Duration = Duration::from_secs(300);
/// How far back a clock may go until what was signed before is signed anew. Less is those who
/// ask at once and have looked at the clock one after the other.
pub const PUSH_CLOCK_BACK: Duration = Duration::from_secs(60);
/// How long nobody asks for another one after that failed: who waits meanwhile fails with it.
pub const FCM_TOKEN_AGAIN: Duration = Duration::from_secs(5);

/// Notes on their way to FCM, and as many to APNs. One connection carries them all: Apple's
/// takes 1,000 at once.
pub const PUSH_AT_ONCE: usize = 64;
/// Notes on their way to browsers' push services in all, and to one host: one that hangs
/// leaves the others theirs, and whoever has the fewest is next.
pub const WEB_PUSH_AT_ONCE: usize = 256;
pub const WEB_PUSH_EACH: usize = 32;
/// Those that wait for a place, in all and of one host.
pub const WEB_PUSH_WAITING: usize = 1_024;
pub const WEB_PUSH_WAITING_EACH: usize = 256;
/// Bytes of a push service's answer that are read.
pub const PUSH_ANSWER_BYTES: usize = 16 * 1024;
/// The longest time that a push service may ask to be left alone.
pub const PUSH_RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// How long one is left alone that is asked too much and does not say for how long: what FCM
/// asks for.
pub const PUSH_RETRY_AFTER: Duration = Duration::from_secs(60);
/// The longest time limit for a push service's answer that can be set.
pub const PUSH_TIMEOUT_MAX: Duration = Duration::from_secs(60);
