//! Devices, and when users are told on them.

use parlor_domain::{Device, QuietTime, TimeOfDay, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

/// A device, without what only the server and its push service know.
#[derive(Serialize, JsonSchema)]
pub struct DeviceView<'a> {
    device_id: &'a str,
    /// `web`, `fcm` or `apns`.
    service: &'static str,
    registered_at: String,
    /// When it was last told something.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_told_at: Option<String>,
}

impl<'a> From<&'a Device> for DeviceView<'a> {
    fn from(Device { id, service, registered_at, told_at }: &'a Device) -> Self {
        Self {
            device_id: id.as_str(),
            service: service.as_str(),
            registered_at: registered_at.to_rfc3339(),
            last_told_at: told_at.map(Timestamp::to_rfc3339),
        }
    }
}

/// When a user does not want to be told anything.
#[derive(Serialize, JsonSchema)]
pub struct QuietView {
    #[schemars(with = "TimeOfDay")]
    from: String,
    #[schemars(with = "TimeOfDay")]
    until: String,
    utc_offset_minutes: i64,
}

impl From<QuietTime> for QuietView {
    fn from(QuietTime { from, until, utc_offset_minutes }: QuietTime) -> Self {
        Self { from: from.to_text(), until: until.to_text(), utc_offset_minutes }
    }
}

/// Which services tell devices, and when the user wants to be told.
#[derive(Serialize, JsonSchema)]
pub struct PushView<'a> {
    /// What browsers need to subscribe; `null`: they are told nothing.
    web: Option<WebPushView<'a>>,
    fcm: bool,
    apns: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    quiet: Option<QuietView>,
}

#[derive(Serialize, JsonSchema)]
struct WebPushView<'a> {
    /// The `applicationServerKey` of a subscription.
    public_key: &'a str,
}

impl<'a> PushView<'a> {
    pub fn new(
        public_key: Option<&'a str>,
        fcm: bool,
        apns: bool,
        quiet: Option<QuietTime>,
    ) -> Self {
        let web = public_key.map(|public_key| WebPushView { public_key });
        Self { web, fcm, apns, quiet: quiet.map(QuietView::from) }
    }
}
