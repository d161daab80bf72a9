//! Messages of which the assistant may not know whether they are stored: whoever says the
//! same again means the same message, and it gets the same key.

use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use parlor_domain::limits::{ASSISTANT_UNSETTLED, ASSISTANT_UNSETTLED_MAX};

/// Texts may be long, and many are remembered.
type Hash = [u8; 32];

#[derive(Default)]
pub(super) struct Unsettled {
    /// The hash of what was to be sent, its key, and until when it is remembered; the oldest
    /// first.
    sent: Vec<(Hash, String, Instant)>,
}

impl Unsettled {
    /// The key of a message that is about to be sent.
    pub fn key_of(&mut self, what: &str, now: Instant) -> String {
        self.sent.retain(|(_, _, until)| *until > now);
        let what: Hash = Sha256::digest(what).into();
        if let Some((_, key, _)) = self.sent.iter().find(|(sent, ..)| *sent == what) {
            return key.clone();
        }
        if self.sent.len() >= ASSISTANT_UNSETTLED_MAX {
            self.sent.remove(0);
        }
        let key = format!("mcp-{:016x}{:016x}", rand::random::<u64>(), rand::random::<u64>());
        self.sent.push((what, key.clone(), now + ASSISTANT_UNSETTLED));
        key
    }

    /// It is known what came of it; who sent it learns of that within some time.
    pub fn settle(&mut self, key: &str, now: Instant, within: Duration) {
        for (_, sent, until) in &mut self.sent {
            if sent == key {
                *until = (*until).min(now + within);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_again_while_nobody_knows_is_the_same_message() {
        let (mut unsettled, now) = (Unsettled::default(), Instant::now());
        let first = unsettled.key_of("hi", now);
        assert_ne!(unsettled.key_of("ho", now), first);
        assert_eq!(unsettled.key_of("hi", now), first);
        unsettled.settle(&first, now, Duration::from_secs(5));
        assert_eq!(unsettled.key_of("hi", now + Duration::from_secs(4)), first);
        let second = unsettled.key_of("hi", now + Duration::from_secs(5));
        assert_ne!(second, first);
        unsettled.settle(&second, now, Duration::ZERO);
        let third = unsettled.key_of("hi", now);
        assert_ne!(third, second);
        assert_ne!(unsettled.key_of("hi", now + ASSISTANT_UNSETTLED), third);
        for number in 0..2 * ASSISTANT_UNSETTLED_MAX {
            unsettled.key_of(&number.to_string(), now + ASSISTANT_UNSETTLED);
        }
        assert_eq!(unsettled.sent.len(), ASSISTANT_UNSETTLED_MAX);
    }
}
