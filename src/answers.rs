//! What others have answered lately, and what they are being asked. Pure: the time is
//! handed in.

use std::{hash::Hash, time::Instant};

use rustc_hash::FxHashMap;
use tokio::sync::watch;

/// The answer to a question that is under way; `None` until it has come.
pub type Told<A> = watch::Receiver<Option<A>>;

/// Answers by what they are about. Whoever asks the same while it is being asked
/// waits for that answer, and for a while after it gets it at once.
pub struct Answers<K, A> {
    kept: FxHashMap<K, Kept<A>>,
    /// As many as whoever asks lets be under way at once.
    under_way: FxHashMap<K, Told<A>>,
    /// How many are kept.
    most: usize,
}

struct Kept<A> {
    answer: A,
    until: Instant,
}

impl<K: Clone + Eq + Hash, A> Answers<K, A> {
    pub fn new(most: usize) -> Self {
        Self { kept: FxHashMap::default(), under_way: FxHashMap::default(), most }
    }

    pub fn kept(&self, key: &K, now: Instant) -> Option<&A> {
        self.kept.get(key).filter(|kept| now < kept.until).map(|kept| &kept.answer)
    }

    /// Where the answer to a question that was put already will be told.
    pub fn under_way(&self, key: &K) -> Option<Told<A>> {
        // Nobody tells it any more if the thread it was put on has ended.
        self.under_way.get(key).filter(|told| told.has_changed().is_ok()).cloned()
    }

    pub fn begin(&mut self, key: K, told: Told<A>) {
        self.under_way.insert(key, told);
    }

    /// The question has been answered, or has failed. An answer is kept until a time.
    pub fn end(&mut self, key: &K, kept: Option<(A, Instant)>, now: Instant) {
        self.under_way.remove(key);
        let Some((answer, until)) = kept else { return };
        if self.kept.len() >= self.most {
            self.kept.retain(|_, kept| now < kept.until);
        }
        // Starting over costs each one question, and needs no book-keeping.
        if self.kept.len() >= self.most {
            self.kept.clear();
        }
        self.kept.insert(key.clone(), Kept { answer, until });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_answer_is_kept_for_its_time() {
        let (mut answers, now) = (Answers::new(9), Instant::now());
        answers.end(&1, Some(("yes", now + SECOND)), now);
        assert_eq!(answers.kept(&1, now), Some(&"yes"));
        assert_eq!(answers.kept(&1, now + SECOND), None, "over");
        assert_eq!(answers.kept(&2, now), None, "another's");
    }

    #[test]
    fn a_question_is_under_way_until_it_ends_or_nobody_carries_it_out() {
        let (mut answers, now) = (Answers::<_, &str>::new(9), Instant::now());
        let (tell, told) = watch::channel(None);
        answers.begin(1, told);
        assert!(answers.under_way(&1).is_some());
        answers.end(&1, None, now);
        assert!(answers.under_way(&1).is_none());
        assert!(answers.kept(&1, now).is_none(), "a failure is not kept");
        answers.begin(1, tell.subscribe());
        drop(tell);
        assert!(answers.under_way(&1).is_none());
    }

    #[test]
    fn what_is_over_makes_room_and_there_are_never_more_than_so_many() {
        let (mut answers, now) = (Answers::new(9), Instant::now());
        answers.end(&0, Some(((), now + SECOND)), now);
        (1..9).for_each(|key| answers.end(&key, Some(((), now + 9 * SECOND)), now));
        let later = now + SECOND;
        answers.end(&9, Some(((), now + 9 * SECOND)), later);
        assert!(answers.kept(&1, later).is_some());
        answers.end(&10, Some(((), now + 9 * SECOND)), later);
        assert!(answers.kept.len() <= 9);
        assert!(answers.kept(&10, later).is_some());
    }
}
