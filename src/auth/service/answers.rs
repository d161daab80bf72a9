//! What an auth service said lately, and what it is being asked. Pure: the time is
//! handed in.

use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::{sync::watch, time::Instant};

use crate::auth::{AuthError, Claims};
use parlor_domain::{Timestamp, limits::AUTH_ANSWERS};

/// SHA-256 of a token; the token itself is not kept.
pub type TokenHash = [u8; 32];

/// `None` while the question is under way.
pub type Told = Option<Result<Answer, AuthError>>;

/// What the service said of a token.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Whose it is, or why it is nobody's.
    pub said: Result<Claims, AuthError>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// The service said when the token was issued, so to ask again would not make
    /// it newer.
    pub is_dated: bool,
}

impl Answer {
    /// Whether it was asked no earlier.
    pub fn is_since(&self, since: Option<Timestamp>) -> bool {
        since.is_none_or(|since| self.asked_at >= since)
    }
}

struct Kept {
    answer: Answer,
    until: Instant,
}

/// By the hash of each token.
#[derive(Default)]
pub struct Answers {
    kept: FxHashMap<TokenHash, Kept>,
    /// At most as many as there are places for questions.
    under_way: FxHashMap<TokenHash, watch::Receiver<Told>>,
}

impl Answers {
    pub fn kept(
        &self,
        token: &TokenHash,
        since: Option<Timestamp>,
        now: Instant,
    ) -> Option<Answer> {
        let kept = self.kept.get(token).filter(|kept| now < kept.until)?;
        Some(&kept.answer).filter(|answer| answer.is_since(since)).cloned()
    }

    /// Where the answer to a question that was put already will be told.
    pub fn under_way(&self, token: &TokenHash) -> Option<watch::Receiver<Told>> {
        // Nobody tells it any more if the thread it was put on has ended.
        self.under_way.get(token).filter(|told| told.has_changed().is_ok()).cloned()
    }

    pub fn begin(&mut self, token: TokenHash, told: watch::Receiver<Told>) {
        self.under_way.insert(token, told);
    }

    /// The question has been answered, or has failed. An answer is kept for a while.
    pub fn end(&mut self, token: &TokenHash, kept: Option<(Answer, Duration)>, now: Instant) {
        self.under_way.remove(token);
        let Some((answer, kept_for)) = kept else { return };
        if self.kept.len() >= AUTH_ANSWERS {
            self.kept.retain(|_, kept| now < kept.until);
        }
        // Starting over costs each token one question, and needs no book-keeping.
        if self.kept.len() >= AUTH_ANSWERS {
            self.kept.clear();
        }
        self.kept.insert(*token, Kept { answer, until: now + kept_for });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::BadToken;

    const SECOND: Duration = Duration::from_secs(1);

    fn token(number: usize) -> TokenHash {
        let mut token = [0; 32];
        token[..8].copy_from_slice(&number.to_be_bytes());
        token
    }

    fn answer(asked_at: i64) -> Answer {
        let (said, asked_at) = (Err(BadToken::Unknown.into()), Timestamp(asked_at));
        Answer { said, asked_at, is_dated: false }
    }

    #[test]
    fn an_answer_is_kept_for_its_time_and_for_those_who_need_no_newer_one() {
        let (mut answers, now) = (Answers::default(), Instant::now());
        answers.end(&token(1), Some((answer(5), SECOND)), now);
        let kept = |since, now| answers.kept(&token(1), since, now).is_some();
        assert!(kept(None, now) && kept(Some(Timestamp(5)), now));
        assert!(!kept(Some(Timestamp(6)), now), "asked before");
        assert!(!kept(None, now + SECOND), "over");
        assert!(answers.kept(&token(2), None, now).is_none(), "another's");
    }

    #[test]
    fn a_question_is_under_way_until_it_ends_or_nobody_carries_it_out() {
        let (mut answers, now) = (Answers::default(), Instant::now());
        let (tell, told) = watch::channel(None);
        answers.begin(token(1), told);
        assert!(answers.under_way(&token(1)).is_some());
        answers.end(&token(1), None, now);
        assert!(answers.under_way(&token(1)).is_none());
        assert!(answers.kept(&token(1), None, now).is_none(), "a failure is not kept");
        answers.begin(token(1), tell.subscribe());
        drop(tell);
        assert!(answers.under_way(&token(1)).is_none());
    }

    #[test]
    fn what_is_over_makes_room_and_there_are_never_more_than_so_many() {
        let (mut answers, now) = (Answers::default(), Instant::now());
        answers.end(&token(0), Some((answer(0), SECOND)), now);
        for number in 1..AUTH_ANSWERS {
            answers.end(&token(number), Some((answer(0), 9 * SECOND)), now);
        }
        let later = now + SECOND;
        answers.end(&token(AUTH_ANSWERS), Some((answer(0), 9 * SECOND)), later);
        assert!(answers.kept(&token(1), None, later).is_some());
        answers.end(&token(AUTH_ANSWERS + 1), Some((answer(0), 9 * SECOND)), later);
        assert!(answers.kept.len() <= AUTH_ANSWERS);
        assert!(answers.kept(&token(AUTH_ANSWERS + 1), None, later).is_some());
    }
}
