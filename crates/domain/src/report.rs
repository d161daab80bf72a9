//! Reports of messages and users to those who moderate.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MessageId, RoomId, Timestamp, User, UserId};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$one_doc:meta])* $one:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$one_doc])* $one,)*
        }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$one,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$one => $text,)*
                }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }
    };
}

words! {
    /// What is wrong with a message or a user, as who reports it sees it.
    ReportReason {
        Spam = "spam",
        Harassment = "harassment",
        Hate = "hate",
        Violence = "violence",
        Sexual = "sexual",
        SelfHarm = "self_harm",
        Illegal = "illegal",
        Other = "other",
        /// The server has found in it what is in a list; nobody reports for this reason.
        Blocklist = "blocklist",
    }
}

words! {
    /// What who moderates decides about a report.
    Decision {
        Dismiss = "dismiss",
        Delete = "delete",
        Mute = "mute",
        Ban = "ban",
    }
}

/// A message or a user that was reported, by one or many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub id: ReportId,
    /// Of a message.
    pub message: Option<MessageId>,
    /// The room that it is in.
    pub room: Option<RoomId>,
    /// Who is reported: who wrote the message.
    pub user: User,
    /// What the message said when it was first reported, until it is decided.
    pub content: Option<Arc<str>>,
    /// How many have reported it.
    pub count: i64,
    /// How many for which reason.
    pub reasons: Vec<(ReportReason, i64)>,
    pub reported_at: Timestamp,
    pub decided: Option<Decided>,
}

/// How a report was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub decision: Decision,
    pub by: UserId,
    pub at: Timestamp,
    pub note: Arc<str>,
}

/// What one user has reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedBy {
    pub user: User,
    pub reason: ReportReason,
    pub note: Arc<str>,
    pub at: Timestamp,
}

/// What a user has reported, for themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnReport {
    pub id: ReportId,
    pub message: Option<MessageId>,
    /// Who is reported.
    pub user: UserId,
    pub reason: ReportReason,
    pub note: Arc<str>,
    pub at: Timestamp,
}

/// The number of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportId(pub i64);

/// One more has reported it for a reason.
pub fn with_reason(reasons: &mut Vec<(ReportReason, i64)>, reason: ReportReason) {
    match reasons.iter_mut().find(|(known, _)| *known == reason) {
        Some((_, count)) => *count += 1,
        None => {
            reasons.push((reason, 1));
            reasons.sort_unstable();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_each() {
        let mut reasons = Vec::new();
        for reason in [ReportReason::Hate, ReportReason::Spam, ReportReason::Hate] {
            with_reason(&mut reasons, reason);
        }
        assert_eq!(reasons, [(ReportReason::Spam, 1), (ReportReason::Hate, 2)]);
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for reason in ReportReason::ALL {
            assert_eq!(ReportReason::parse(reason.as_str()), Some(*reason));
            assert_eq!(serde_json::to_value(reason).expect("JSON"), reason.as_str());
        }
        for decision in Decision::ALL {
            assert_eq!(serde_json::to_value(decision).expect("JSON"), decision.as_str());
        }
    }
}
