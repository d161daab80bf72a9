//! Rows of reports.

use diesel::Queryable;
use parlor_domain::{
    Decided, Decision, MessageId, Report, ReportId, ReportReason, RoomId, Timestamp, User, UserId,
};

use super::user::UserRow;

/// How many have reported something for which reason, as it is stored: `spam 3 hate 1`.
pub(crate) fn encode_reasons(reasons: &[(ReportReason, i64)]) -> String {
    let all: Vec<String> =
        reasons.iter().map(|(reason, count)| format!("{} {count}", reason.as_str())).collect();
    all.join(" ")
}

pub(crate) fn decode_reasons(text: &str) -> Vec<(ReportReason, i64)> {
    let words: Vec<&str> = text.split(' ').collect();
    let pair = |pair: &[&str]| match pair {
        [reason, count] => Some((ReportReason::parse(reason)?, count.parse().ok()?)),
        _ => None,
    };
    words.chunks(2).filter_map(pair).collect()
}

#[derive(Queryable)]
pub(crate) struct ReportRow {
    id: i64,
    room: Option<String>,
    message_id: Option<i64>,
    user: UserRow,
    content: Option<String>,
    count: i64,
    reasons: String,
    reported_at: i64,
    decided_at: Option<i64>,
    decided_by: Option<String>,
    decision: Option<String>,
    note: Option<String>,
}

impl From<ReportRow> for Report {
    fn from(row: ReportRow) -> Self {
        let ReportRow {
            id,
            room,
            message_id,
            user,
            content,
            count,
            reasons,
            reported_at,
            decided_at,
            decided_by,
            decision,
            note,
        } = row;
        let decided = decision.as_deref().and_then(Decision::parse).zip(decided_at);
        Self {
            id: ReportId(id),
            room: room.map(RoomId::from_stored),
            message: message_id.map(MessageId),
            user: User::from(user),
            content: content.map(Into::into),
            count,
            reasons: decode_reasons(&reasons),
            reported_at: Timestamp(reported_at),
            decided: decided.map(|(decision, at)| Decided {
                decision,
                by: UserId::from_stored(decided_by.unwrap_or_default()),
                at: Timestamp(at),
                note: note.unwrap_or_default().into(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_read_as_they_were_stored() {
        let reasons = [(ReportReason::Spam, 3), (ReportReason::SelfHarm, 1)];
        assert_eq!(encode_reasons(&reasons), "spam 3 self_harm 1");
        assert_eq!(decode_reasons("spam 3 self_harm 1"), reasons);
        assert_eq!(decode_reasons(""), []);
    }
}
