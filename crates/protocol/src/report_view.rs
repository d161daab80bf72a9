//! Reports, as those who moderate see them.

use std::collections::BTreeMap;

use parlor_domain::{Decided, Decision, OwnReport, Report, ReportReason, ReportedBy};
use schemars::JsonSchema;
use serde::Serialize;

use crate::UserView;

/// A message or a user that was reported.
#[derive(Serialize, JsonSchema)]
pub struct ReportView<'a> {
    report_id: String,
    /// The room of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    room_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    /// Who is reported: who wrote the message.
    user: UserView<'a>,
    /// What the message said when it was first reported, until it is decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    /// How many have reported it.
    count: i64,
    /// How many for which reason.
    #[schemars(with = "BTreeMap<String, i64>")]
    reasons: BTreeMap<&'static str, i64>,
    reported_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided: Option<DecidedView<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct DecidedView<'a> {
    decision: Decision,
    by: &'a str,
    at: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    note: &'a str,
}

impl<'a> From<&'a Decided> for DecidedView<'a> {
    fn from(Decided { decision, by, at, note }: &'a Decided) -> Self {
        Self { decision: *decision, by: by.as_str(), at: at.to_rfc3339(), note }
    }
}

impl<'a> From<&'a Report> for ReportView<'a> {
    fn from(report: &'a Report) -> Self {
        let Report { id, message, room, user, content, count, reasons, reported_at, decided } =
            report;
        Self {
            report_id: id.0.to_string(),
            room_id: room.as_ref().map(|room| room.as_str()),
            message_id: message.map(|id| id.0.to_string()),
            user: user.into(),
            content: content.as_deref(),
            count: *count,
            reasons: reasons.iter().map(|(reason, count)| (reason.as_str(), *count)).collect(),
            reported_at: reported_at.to_rfc3339(),
            decided: decided.as_ref().map(DecidedView::from),
        }
    }
}

/// What one user has reported.
#[derive(Serialize, JsonSchema)]
pub struct ReportedByView<'a> {
    user: UserView<'a>,
    reason: ReportReason,
    #[serde(skip_serializing_if = "str::is_empty")]
    note: &'a str,
    at: String,
}

impl<'a> From<&'a ReportedBy> for ReportedByView<'a> {
    fn from(ReportedBy { user, reason, note, at }: &'a ReportedBy) -> Self {
        Self { user: user.into(), reason: *reason, note, at: at.to_rfc3339() }
    }
}

/// What a user has reported, for themselves.
#[derive(Serialize, JsonSchema)]
pub struct OwnReportView<'a> {
    report_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    /// Who is reported.
    user_id: &'a str,
    reason: ReportReason,
    #[serde(skip_serializing_if = "str::is_empty")]
    note: &'a str,
    at: String,
}

impl<'a> From<&'a OwnReport> for OwnReportView<'a> {
    fn from(OwnReport { id, message, user, reason, note, at }: &'a OwnReport) -> Self {
        Self {
            report_id: id.0.to_string(),
            message_id: message.map(|id| id.0.to_string()),
            user_id: user.as_str(),
            reason: *reason,
            note,
            at: at.to_rfc3339(),
        }
    }
}

/// What who reports something learns of it.
#[derive(Serialize, JsonSchema)]
pub struct ReportedView {
    pub report_id: String,
}
