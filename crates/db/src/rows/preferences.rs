//! What a member has set for themselves in a room, as it is stored.

use diesel::{AsChangeset, Queryable};

use crate::schema::members;
use parlor_domain::{Notifications, Preferences, Seq, Timestamp};

/// The columns of a [`PreferencesRow`].
#[diesel::dsl::auto_type]
pub fn columns() -> _ {
    (
        members::notifications,
        members::notifications_until,
        members::hidden_seq,
        members::archived,
        members::pinned,
        members::rank,
    )
}

/// `NULL` where it is as usual.
#[derive(Clone, Debug, Queryable, AsChangeset)]
#[diesel(table_name = members, treat_none_as_null = true)]
pub struct PreferencesRow {
    notifications: Option<String>,
    notifications_until: Option<i64>,
    /// Where the room's head was when it was hidden.
    pub hidden_seq: Option<i64>,
    archived: Option<bool>,
    pinned: Option<bool>,
    rank: Option<i64>,
}

impl PreferencesRow {
    /// As it is to be stored. A hidden room is so from its head on: also one that was hidden
    /// before, because it still is only if nothing was written since.
    pub fn stored(preferences: Preferences, head: Seq) -> Self {
        let Preferences { notifications, notifications_until, hidden, archived, pinned, rank } =
            preferences;
        let is_set = |set: bool| set.then_some(true);
        Self {
            notifications: (notifications != Notifications::All)
                .then(|| notifications.as_str().to_owned()),
            notifications_until: notifications_until.map(|until| until.0),
            hidden_seq: hidden.then_some(head.0),
            archived: is_set(archived),
            pinned: is_set(pinned),
            rank,
        }
    }

    /// As it is shown at a time. Whether the room is still hidden is found by who reads
    /// it, from `hidden_seq`.
    pub fn shown(&self, hidden: bool, now: Timestamp) -> Preferences {
        let notifications = self.notifications.as_deref().and_then(Notifications::parse);
        Preferences {
            notifications: notifications.unwrap_or_default(),
            notifications_until: self.notifications_until.map(Timestamp),
            hidden,
            archived: self.archived.unwrap_or(false),
            pinned: self.pinned.unwrap_or(false),
            rank: self.rank,
        }
        .at(now)
    }
}
