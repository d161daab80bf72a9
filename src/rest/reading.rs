//! What administrators and programs of the application's read that others may not: it is
//! written down before they are shown it, so that nobody keeps it from being by leaving early.
//!
//! One entry says that somebody reads such a thing in this hour, so the log stays readable
//! whatever the number of pages; what was in them it never says.

use actix_web::HttpRequest;
use serde_json::json;

use super::State;
use crate::{
    auth::{Client, Identity, Reading},
    clock::now,
    db::submit,
    error::ApiError,
};
use parlor_domain::{AuditEntry, RoomKey, display_name, limits::REASON_CHARS};

const HOUR_MS: i64 = 3_600_000;

/// What a request reads, if that is written down where it needs a right.
pub(super) fn reading(request: &HttpRequest, action: String, client: Option<Client>) -> Reading {
    let query = form_urlencoded::parse(request.query_string().as_bytes());
    let reason = query.into_iter().find(|(name, _)| name == "reason");
    Reading {
        action: action.into(),
        path: request.path().into(),
        address: client.map(|client| client.address),
        reason: reason.and_then(|(_, text)| display_name(&text, REASON_CHARS)).map(Into::into),
    }
}

impl State {
    /// Writes down what somebody reads by such a right, if it is not in this hour; `room`:
    /// the room that a message is in, of which one entry is enough.
    pub(super) async fn audit_reading(
        &self,
        who: &Identity,
        room: Option<RoomKey>,
    ) -> Result<(), ApiError> {
        let Some(reading) = &who.reading else { return Ok(()) };
        let of = room.map_or_else(|| reading.path.to_string(), |room| format!("#{}", room.0));
        let at = now();
        let Some(new) = self.noted.look(who.user.key, (&reading.action, &of), at.0 / HOUR_MS)
        else {
            return Ok(());
        };
        let target = if new.is_of_many { "*".into() } else { reading.path.clone() };
        let mut detail = serde_json::Map::new();
        detail.extend(reading.address.map(|address| ("address".to_owned(), json!(address))));
        detail.extend(reading.reason.as_ref().map(|why| ("reason".to_owned(), json!(why))));
        let entry = AuditEntry {
            at,
            actor: who.user.id.as_str().into(),
            action: reading.action.clone(),
            target,
            detail: json!(detail).to_string().into(),
        };
        submit(&self.writer, entry).await.map_err(|_| ApiError::unavailable())?;
        self.noted.keep(who.user.key, &new);
        Ok(())
    }
}
