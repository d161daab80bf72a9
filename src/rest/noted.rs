//! What has been written down of what is read, so that the same is not again.

use std::{
    collections::{HashMap, HashSet, hash_map::RandomState},
    hash::BuildHasher,
    sync::{Arc, Mutex, PoisonError},
};

use parlor_domain::{
    UserKey,
    limits::{READS_NOTED, READS_NOTED_EACH},
};

/// What has been written down in this hour; clones share it.
#[derive(Clone, Default)]
pub struct Noted(Arc<Mutex<Hour>>);

#[derive(Default)]
struct Hour {
    hour: i64,
    hashes: RandomState,
    noted: HashSet<(UserKey, u64)>,
    of_users: HashMap<UserKey, usize>,
}

/// Something that is to be written down.
#[derive(Debug, PartialEq, Eq)]
pub struct New {
    hour: i64,
    hash: u64,
    /// It stands for all that the user reads so, from now on.
    pub is_of_many: bool,
}

impl Noted {
    /// `None`: it is written down.
    pub fn look(&self, user: UserKey, (action, of): (&str, &str), hour: i64) -> Option<New> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.hour != hour || known.noted.len() >= READS_NOTED {
            *known = Hour { hour, ..Hour::default() };
        }
        let is_of_many = known.of_users.get(&user).is_some_and(|count| *count >= READS_NOTED_EACH);
        let mut hash = known.hashes.hash_one((action, of));
        if is_of_many && !known.noted.contains(&(user, hash)) {
            hash = known.hashes.hash_one((action, "*"));
        }
        let is_new = !known.noted.contains(&(user, hash));
        is_new.then_some(New { hour, hash, is_of_many })
    }

    pub fn keep(&self, user: UserKey, new: &New) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.hour == new.hour && known.noted.insert((user, new.hash)) {
            *known.of_users.entry(user).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(noted: &Noted, user: i64, of: &str, hour: i64) -> Option<bool> {
        let user = UserKey(user);
        let new = noted.look(user, ("GET /x", of), hour)?;
        noted.keep(user, &new);
        Some(new.is_of_many)
    }

    #[test]
    fn the_same_is_written_down_once_an_hour_by_each() {
        let noted = Noted::default();
        assert_eq!(note(&noted, 1, "/rooms/a", 7), Some(false));
        assert_eq!(note(&noted, 1, "/rooms/a", 7), None);
        assert_eq!(note(&noted, 1, "/rooms/b", 7), Some(false));
        assert_eq!(note(&noted, 2, "/rooms/a", 7), Some(false));
        assert_eq!(note(&noted, 1, "/rooms/a", 8), Some(false));
    }

    #[test]
    fn of_very_many_one_entry_stands_for_the_rest() {
        let noted = Noted::default();
        for n in 0..READS_NOTED_EACH {
            assert_eq!(note(&noted, 1, &format!("/rooms/{n}"), 7), Some(false));
        }
        assert_eq!(note(&noted, 1, "/rooms/0", 7), None, "it was before");
        assert_eq!(note(&noted, 1, "/rooms/x", 7), Some(true));
        assert_eq!(note(&noted, 1, "/rooms/y", 7), None);
        assert_eq!(note(&noted, 2, "/rooms/x", 7), Some(false));
    }
}
