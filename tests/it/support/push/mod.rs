//! Stand-ins for push services that refuse what the real ones refuse.

mod apns;
mod assertion;
mod fcm;
mod subscriber;

pub use self::{apns::Apns, assertion::EC_PEM, fcm::Fcm, subscriber::Subscriber};
