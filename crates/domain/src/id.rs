//! Ids. The public ones (`UserId`, `RoomId`) are texts that the application may
//! choose; keys are the integers the database maps them to, and never leave the
//! server.

use std::{fmt, sync::Arc};

use super::Timestamp;

/// The longest public id, in characters.
pub const ID_CHARS_MAX: usize = 64;

/// Why a text is not an id; the message is for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    #[error("must not be empty")]
    Empty,
    #[error("must have at most {max} characters", max = ID_CHARS_MAX)]
    TooLong,
    #[error("may only have the characters A-Z a-z 0-9 . _ : @ + ~ = | -")]
    Character,
}

fn check(text: &str) -> Result<(), InvalidId> {
    if text.is_empty() {
        return Err(InvalidId::Empty);
    }
    if text.len() > ID_CHARS_MAX {
        return Err(InvalidId::TooLong);
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._:@+~=|-".contains(&b);
    // A path segment of dots alone would be rewritten by URL parsers.
    if !text.bytes().all(allowed) || text.bytes().all(|b| b == b'.') {
        return Err(InvalidId::Character);
    }
    Ok(())
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks a text that came from outside.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                check(text)?;
                Ok(Self(text.into()))
            }

            /// Takes over a text that was checked before it was stored.
            pub fn from_stored(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A user's public id: the `sub` of a token.
    UserId
}
text_id! {
    /// A room's public id.
    RoomId
}
text_id! {
    /// What a list of blocked words is called, in its room or the deployment.
    BlocklistId
}
text_id! {
    /// What an application calls one installation of itself; unique per user.
    DeviceId
}

/// Words by which a text calls many at once: nobody has one as their id, or
/// whoever calls them would call all.
const CALLS_MANY: [&str; 5] = ["room", "here", "all", "channel", "everyone"];

impl RoomId {
    /// Whether a room of this id could not be reached: its path is that of direct
    /// rooms.
    pub fn is_reserved(&self) -> bool {
        self.as_str() == "direct"
    }
}

/// What the ids of deleted users begin with: no id that anyone could have, or
/// ask for.
const DELETED: &str = "deleted#";

impl UserId {
    /// Whether it is a word by which a text calls many, in whatever case.
    pub fn is_reserved(&self) -> bool {
        CALLS_MANY.iter().any(|word| word.eq_ignore_ascii_case(self.as_str()))
    }

    /// The id under which what is left of a deleted user is shown.
    pub fn of_deleted(user: UserKey) -> Self {
        Self(format!("{DELETED}{}", user.0).into())
    }

    pub fn is_deleted(&self) -> bool {
        self.0.starts_with(DELETED)
    }
}

/// The name a sender gives a message, so that sending it again stores nothing
/// new. 1 to 64 bytes, unique per sender.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientId(Arc<str>);

impl ClientId {
    /// Checks a text that came from outside.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        match text.len() {
            0 => Err(InvalidId::Empty),
            1..=ID_CHARS_MAX => Ok(Self(text.into())),
            _ => Err(InvalidId::TooLong),
        }
    }

    /// Takes over a text that was checked before it was stored.
    pub fn from_stored(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One login of an account, with all the tokens that came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignIn(pub i64);

impl SignIn {
    /// As it is in a token (`sid`).
    pub fn to_text(self) -> String {
        format!("{:016x}", self.0)
    }

    /// Reads what [`to_text`](Self::to_text) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        // From the bits: half of them are negative.
        Some(Self(u64::from_str_radix(text, 16).ok()?.cast_signed()))
    }

    /// By which it is revoked, beside the ids of tokens.
    pub fn revocation_id(self) -> Arc<str> {
        format!("sign-in:{}", self.to_text()).into()
    }
}

/// A user's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserKey(pub i64);

/// A room's row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomKey(pub i64);

impl RoomKey {
    /// The timeline of what the application tells one user. It is followed
    /// like a room's, and no room has such a key.
    pub fn inbox_of(user: UserKey) -> Self {
        Self(-user.0)
    }

    /// Whose inbox it is; `None` for a room.
    pub fn inbox_owner(self) -> Option<UserKey> {
        (self.0 < 0).then_some(UserKey(-self.0))
    }
}

/// A position in one timeline. The first event has the next one after where
/// the timeline began: 1, if nothing was known under its name before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seq(pub i64);

impl Seq {
    pub const ZERO: Self = Self(0);

    /// The position after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A message's id: 64 bits, time-ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub i64);

impl MessageId {
    /// Reads the decimal text that ids have in JSON.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|id| *id > 0).map(Self)
    }
}

/// Makes message ids: 42 bits of milliseconds since 2025, 8 bits of node, 13
/// bits of counter. Ids rise even when the clock is set back.
#[derive(Debug)]
pub struct MessageIds {
    node: i64,
    last: i64,
}

/// 2025-01-01T00:00:00Z in milliseconds.
const ID_EPOCH_MS: i64 = 1_735_689_600_000;
const NODE_BITS: u32 = 8;
const COUNTER_BITS: u32 = 13;
/// Of ids for messages of before 2025.
const EARLY_BITS: u32 = 14;

impl MessageIds {
    /// A generator for one node. `after` is the newest id the node is known
    /// to have made, so that a clock set back across a restart repeats none.
    pub fn new(node: u8, after: Option<MessageId>) -> Self {
        let last = after.map_or(0, |id| Self::tick_of(id.0));
        Self { node: i64::from(node), last }
    }

    /// The node has another number from now on.
    pub fn renumber(&mut self, node: u8) {
        self.node = i64::from(node);
    }

    fn tick_of(id: i64) -> i64 {
        let counter = id & ((1 << COUNTER_BITS) - 1);
        ((id >> (COUNTER_BITS + NODE_BITS)) << COUNTER_BITS) | counter
    }

    /// The least id that a message of this time can have.
    pub fn first_at(time: Timestamp) -> MessageId {
        let ms = (time.0 - ID_EPOCH_MS).clamp(0, (1 << 42) - 1);
        MessageId(ms << (COUNTER_BITS + NODE_BITS))
    }

    /// The time that an id was made of: never before that of its message, and
    /// after it while a clock that was ahead is waited for.
    pub fn time_of(id: MessageId) -> Timestamp {
        Timestamp((id.0 >> (COUNTER_BITS + NODE_BITS)) + ID_EPOCH_MS)
    }

    /// An id for a message that was said elsewhere. Ids stay in the order of their times,
    /// also before 2025: there the first months of ids have room for 16,384 in each
    /// millisecond since 1970. `random` tells apart what was said in the same one; whether
    /// the id is free is for the caller to find out.
    pub fn of_past(time: Timestamp, random: u32) -> MessageId {
        let bits = if time.0 < ID_EPOCH_MS { EARLY_BITS } else { NODE_BITS + COUNTER_BITS };
        let ms = if time.0 < ID_EPOCH_MS { time.0.max(0) } else { time.0 - ID_EPOCH_MS };
        let below = i64::from(random) & ((1 << bits) - 1);
        // None is 0.
        MessageId(((ms.min((1 << 42) - 1) << bits) | below).max(1))
    }

    /// The next id. Milliseconds and counter are one number, so a burst of
    /// more than 8,192 in a millisecond borrows from the next one.
    pub fn next(&mut self, now: Timestamp) -> MessageId {
        let clock = (now.0 - ID_EPOCH_MS).max(0) << COUNTER_BITS;
        self.last = clock.max(self.last + 1);
        let ms = self.last >> COUNTER_BITS;
        let counter = self.last & ((1 << COUNTER_BITS) - 1);
        MessageId((ms << (COUNTER_BITS + NODE_BITS)) | (self.node << COUNTER_BITS) | counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_take_what_applications_use_and_refuse_the_rest() {
        for good in ["a", "board:42", "auth0|abc", "ann@example.org", &"x".repeat(64)] {
            assert_eq!(RoomId::parse(good).expect(good).as_str(), good);
        }
        assert_eq!(RoomId::parse(""), Err(InvalidId::Empty));
        assert_eq!(RoomId::parse(&"x".repeat(65)), Err(InvalidId::TooLong));
        for bad in ["a b", "a/b", "ä", "a\n", "..", "."] {
            assert_eq!(RoomId::parse(bad), Err(InvalidId::Character), "{bad}");
        }
    }

    #[test]
    fn nobody_is_called_as_all_are() {
        for word in ["room", "Here", "ALL", "channel", "everyone"] {
            assert!(UserId::from_stored(word).is_reserved(), "{word}");
        }
        assert!(!UserId::from_stored("rooms").is_reserved());
    }

    #[test]
    fn a_sign_in_is_read_as_it_was_written() {
        for number in [0, 1, -1, i64::MIN, i64::MAX] {
            assert_eq!(SignIn::parse(&SignIn(number).to_text()), Some(SignIn(number)));
        }
        assert_eq!(SignIn::parse("x"), None);
    }

    #[test]
    fn message_ids_rise_when_the_clock_stands_still_or_goes_back() {
        let mut ids = MessageIds::new(3, None);
        let now = Timestamp(ID_EPOCH_MS + 1_000_000);
        let mut last = ids.next(now);
        for step in 0..20_000 {
            let next = ids.next(Timestamp(now.0 - step));
            assert!(next > last);
            last = next;
        }
    }

    #[test]
    fn ids_of_a_time_come_after_the_first_one() {
        let now = Timestamp(ID_EPOCH_MS + 5_000);
        let id = MessageIds::new(3, None).next(now);
        assert!(MessageIds::first_at(now) <= id);
        assert_eq!(MessageIds::time_of(id), now);
        assert!(id < MessageIds::first_at(Timestamp(now.0 + 1)));
    }

    #[test]
    fn ids_of_the_past_are_in_the_order_of_their_times() {
        let times = [-5, 0, 1, ID_EPOCH_MS - 1, ID_EPOCH_MS + 20_000_000_000].map(Timestamp);
        for random in [0, u32::MAX] {
            let ids = times.map(|time| MessageIds::of_past(time, random));
            assert!(ids[0].0 > 0 && ids.is_sorted(), "{ids:?}");
            for (time, id) in times.iter().zip(ids) {
                assert!(MessageIds::time_of(id) >= *time, "{time:?}");
            }
        }
        let late = times[4];
        assert_eq!(MessageIds::time_of(MessageIds::of_past(late, 7)), late);
    }

    #[test]
    fn a_restart_with_a_clock_set_back_repeats_no_id() {
        let now = Timestamp(ID_EPOCH_MS + 5_000);
        let last = MessageIds::new(0, None).next(now);
        let next = MessageIds::new(0, Some(last)).next(Timestamp(ID_EPOCH_MS));
        assert!(next > last);
    }
}
