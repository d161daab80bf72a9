//! What a member has set for themselves in a room; nobody else sees it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Of what a member wants to be told: of all, only of messages that mention them, or of
/// nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Notifications {
    #[default]
    All,
    Mentions,
    Nothing,
}

impl Notifications {
    pub const ALL: [Self; 3] = [Self::All, Self::Mentions, Self::Nothing];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mentions => "mentions",
            Self::Nothing => "nothing",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// How a member has a room. It is shown as it is here, without what is as usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct Preferences {
    #[serde(default, skip_serializing_if = "Notifications::is_usual")]
    pub notifications: Notifications,
    /// Then the member wants to be told of all again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notifications_until: Option<Timestamp>,
    /// Until somebody writes there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// The member's own order: lower comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<i64>,
}

impl Preferences {
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// As they are at a time.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        match self.notifications_until {
            Some(until) if until <= now => {
                Self { notifications: Notifications::All, notifications_until: None, ..self }
            }
            _ => self,
        }
    }

    #[must_use]
    pub fn changed(self, change: PreferencesChange) -> Self {
        let PreferencesChange { notifications, hidden, archived, pinned, rank } = change;
        let now = (self.notifications, self.notifications_until);
        let (notifications, notifications_until) = notifications.unwrap_or(now);
        Self {
            notifications,
            notifications_until,
            hidden: hidden.unwrap_or(self.hidden),
            archived: archived.unwrap_or(self.archived),
            pinned: pinned.unwrap_or(self.pinned),
            rank: rank.unwrap_or(self.rank),
        }
    }
}

/// What changes of them; `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PreferencesChange {
    /// And until when, if not for good.
    pub notifications: Option<(Notifications, Option<Timestamp>)>,
    pub hidden: Option<bool>,
    pub archived: Option<bool>,
    pub pinned: Option<bool>,
    /// Inner `None`: none any more.
    pub rank: Option<Option<i64>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const MUTED: Preferences = Preferences {
        notifications: Notifications::Nothing,
        notifications_until: Some(Timestamp(10)),
        hidden: false,
        archived: false,
        pinned: true,
        rank: Some(-3),
    };

    #[test]
    fn a_mute_ends_by_itself_and_nothing_else_does() {
        assert_eq!(MUTED.at(Timestamp(9)), MUTED);
        let ended = MUTED.at(Timestamp(10));
        assert_eq!(ended, Preferences { pinned: true, rank: Some(-3), ..Preferences::default() });
    }

    #[test]
    fn what_is_not_named_stays() {
        let change = PreferencesChange { archived: Some(true), ..PreferencesChange::default() };
        assert_eq!(MUTED.changed(change), Preferences { archived: true, ..MUTED });
        let change = PreferencesChange {
            notifications: Some((Notifications::Mentions, None)),
            rank: Some(None),
            ..PreferencesChange::default()
        };
        let (notifications, notifications_until) = (Notifications::Mentions, None);
        let changed = Preferences { notifications, notifications_until, rank: None, ..MUTED };
        assert_eq!(MUTED.changed(change), changed);
    }

    #[test]
    fn only_what_is_not_as_usual_is_shown() {
        let json = serde_json::to_string(&Preferences::default()).expect("JSON");
        assert_eq!(json, "{}");
        let json = serde_json::to_string(&MUTED).expect("JSON");
        assert_eq!(serde_json::from_str::<Preferences>(&json).expect("preferences"), MUTED);
    }
}
