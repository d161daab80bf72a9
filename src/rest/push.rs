//! Where the user is told of what they have not read while they are away.

use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

use super::{State, reply::Reply, request::NoFields};
use crate::{
    auth::Identity,
    error::ApiError,
    protocol::{DeviceView, PushView},
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Devices<'a> {
    devices: Vec<DeviceView<'a>>,
}

/// At most `DEVICES_PER_USER`.
pub(super) async fn devices(
    who: Identity,
    state: web::Data<State>,
    _: NoFields,
) -> Result<Reply<Devices<'static>>, ApiError> {
    let devices = state.reader.devices(who.user.key).await?;
    let devices = devices.iter().map(DeviceView::from).collect();
    Ok(Reply::ok(Devices { devices }))
}

pub(super) async fn show(
    who: Identity,
    state: web::Data<State>,
    _: NoFields,
) -> Result<Reply<PushView<'static>>, ApiError> {
    let quiet = state.reader.quiet_time(who.user.key).await?;
    let push = &state.push;
    let (web, fcm, apns) = (push.public_key(), push.has_fcm(), push.has_apns());
    Ok(Reply::ok(PushView::new(web, fcm, apns, quiet)))
}
