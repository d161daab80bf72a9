//! Epochs: which life of a timeline a position belongs to.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{InvalidId, RoomKey, Seq};

/// One life of the database: made anew whenever what it holds may be less
/// than what clients have seen, such as after a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life(Arc<str>);

impl Life {
    pub fn from_stored(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The epoch of a timeline, a room's or an inbox's.
    ///
    /// Derived and not stored: a key is never used again within a life, so
    /// two timelines never share one, and a message costs nothing for it. A
    /// hash, because keys would tell how many rooms there are.
    pub fn epoch_of(&self, timeline: RoomKey) -> Epoch {
        let mut hash = Sha256::new();
        hash.update(self.0.as_bytes());
        hash.update(timeline.0.to_be_bytes());
        let digest = hash.finalize();
        let bytes: Vec<u8> = digest.iter().copied().take(EPOCH_BYTES).collect();
        Epoch(URL_SAFE_NO_PAD.encode(bytes).into())
    }
}

/// Two epochs are the same by chance once in 2^64.
const EPOCH_BYTES: usize = 8;

/// Names one life of one timeline; to a client a text without a meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch(Arc<str>);

impl Epoch {
    /// Bytes of an epoch that a client may name; ours have 11.
    pub const BYTES_MAX: usize = 64;

    /// Takes any text of a sensible length: what is none of ours is no
    /// timeline's epoch, and answered like that of an earlier life.
    ///
    /// # Errors
    /// An empty text, and one that is too long.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        match text.len() {
            0 => Err(InvalidId::Empty),
            1..=Self::BYTES_MAX => Ok(Self(text.into())),
            _ => Err(InvalidId::TooLong),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Up to where a client has a timeline, as it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub seq: Seq,
    /// `None` for a client that knows numbers only.
    pub epoch: Option<Epoch>,
}

impl Position {
    /// Whether it is one of this life of the timeline. A number by itself may
    /// be; whether it is, the bounds of the timeline say.
    pub fn may_be_of(&self, epoch: &Epoch) -> bool {
        self.epoch.as_ref().is_none_or(|named| named == epoch)
    }
}

impl From<Seq> for Position {
    fn from(seq: Seq) -> Self {
        Self { seq, epoch: None }
    }
}

/// Which positions of a timeline are of this life, and can be told one by
/// one from there on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Where this life began: no event of it is at or before.
    pub start: Seq,
    /// What is at or before it has been cleared.
    pub floor: Seq,
    /// The newest position.
    pub last: Seq,
}

impl Bounds {
    /// Whether all that came after `since` can be told, at most `most`
    /// events.
    ///
    /// Not if the reader has seen more than there is, not if what they have
    /// is of an earlier life, not if some of it is gone (the room was
    /// cleared), and not if it is so much that reading the newest page of
    /// history serves better.
    pub fn can_serve(self, since: Seq, most: usize) -> bool {
        let Self { start, floor, last } = self;
        // Who has nothing has also all that is before the beginning, if
        // nothing ever was.
        let since = if since == Seq::ZERO && floor == start { start } else { since };
        let missed = last.0 - since.0;
        since >= start.max(floor) && usize::try_from(missed).is_ok_and(|missed| missed <= most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(start: i64, floor: i64, last: i64) -> Bounds {
        Bounds { start: Seq(start), floor: Seq(floor), last: Seq(last) }
    }

    #[test]
    fn every_timeline_of_every_life_has_an_epoch_of_its_own() {
        let (one, other) = (Life::from_stored("one"), Life::from_stored("other"));
        let epoch = one.epoch_of(RoomKey(1));
        assert_eq!(epoch, one.epoch_of(RoomKey(1)));
        assert_eq!(epoch.as_str().len(), 11);
        for another in
            [one.epoch_of(RoomKey(2)), one.epoch_of(RoomKey(-1)), other.epoch_of(RoomKey(1))]
        {
            assert_ne!(epoch, another);
        }
    }

    #[test]
    fn a_position_without_an_epoch_may_be_of_any_and_one_with_of_its_own_only() {
        let life = Life::from_stored("one");
        let (own, other) = (life.epoch_of(RoomKey(1)), life.epoch_of(RoomKey(2)));
        assert!(Position::from(Seq(5)).may_be_of(&own));
        let named = Position { seq: Seq(5), epoch: Some(own.clone()) };
        assert!(named.may_be_of(&own) && !named.may_be_of(&other));
        let foreign = Epoch::parse("2026-11").expect("a text");
        assert!(!Position { seq: Seq(5), epoch: Some(foreign) }.may_be_of(&own));
        assert!(Epoch::parse("").is_err() && Epoch::parse(&"x".repeat(65)).is_err());
    }

    #[test]
    fn what_is_there_and_not_too_much_is_served() {
        assert!(bounds(0, 0, 5).can_serve(Seq(5), 10));
        assert!(bounds(0, 5, 15).can_serve(Seq(5), 10));
        assert!(bounds(0, 0, 5).can_serve(Seq(0), 10));
    }

    #[test]
    fn what_is_gone_or_ahead_or_too_far_behind_is_not() {
        assert!(!bounds(0, 5, 5).can_serve(Seq(4), 10), "cleared");
        assert!(!bounds(0, 0, 5).can_serve(Seq(6), 10), "past the head");
        assert!(!bounds(0, 0, 16).can_serve(Seq(5), 10), "too far behind");
    }

    #[test]
    fn what_was_had_of_an_earlier_life_is_not() {
        // A room made again under an id: its timeline begins above the old one.
        let again = bounds(6, 6, 8);
        assert!(!again.can_serve(Seq(1), 10) && !again.can_serve(Seq(5), 10));
        assert!(again.can_serve(Seq(6), 10) && again.can_serve(Seq(7), 10));
        assert!(again.can_serve(Seq(0), 10), "who has nothing gets all");
        assert!(!bounds(6, 6, 60).can_serve(Seq(0), 10), "too much all the same");
        // A restored one: what was before is there, and is not this life's.
        let restored = bounds(1_000, 0, 1_003);
        assert!(!restored.can_serve(Seq(5), 10) && restored.can_serve(Seq(1_001), 10));
        assert!(!restored.can_serve(Seq(0), 10), "there is more than what came since");
    }
}
