//! Who is being told, so that nobody takes the places of others.

use rustc_hash::FxHashMap;

use parlor_domain::{
    UserKey,
    limits::{PUSH_USERS_AT_ONCE, PUSH_USERS_PER_LANE},
};

/// The users who are being told, and over what.
#[derive(Default)]
pub(super) struct Busy {
    users: FxHashMap<UserKey, Vec<String>>,
    lanes: FxHashMap<String, usize>,
}

impl Busy {
    /// Whether a user can be told over these; then they are.
    pub fn take(&mut self, user: UserKey, mut lanes: Vec<String>) -> bool {
        lanes.sort_unstable();
        lanes.dedup();
        let is_full =
            |lane: &String| self.lanes.get(lane).is_some_and(|used| *used >= PUSH_USERS_PER_LANE);
        if self.places() == 0 || self.users.contains_key(&user) || lanes.iter().any(is_full) {
            return false;
        }
        for lane in &lanes {
            *self.lanes.entry(lane.clone()).or_default() += 1;
        }
        self.users.insert(user, lanes);
        true
    }

    pub fn free(&mut self, user: UserKey) {
        for lane in self.users.remove(&user).unwrap_or_default() {
            if let Some(used) = self.lanes.get_mut(&lane) {
                *used -= 1;
                if *used == 0 {
                    self.lanes.remove(&lane);
                }
            }
        }
    }

    /// Those who are being told.
    pub fn users(&self) -> Vec<UserKey> {
        self.users.keys().copied().collect()
    }

    pub fn places(&self) -> usize {
        PUSH_USERS_AT_ONCE.saturating_sub(self.users.len())
    }

    pub fn full_lanes(&self) -> Vec<String> {
        let full = self.lanes.iter().filter(|(_, used)| **used >= PUSH_USERS_PER_LANE);
        full.map(|(lane, _)| lane.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_user_one_is_told_and_what_hangs_takes_a_part_of_the_places() {
        let mut busy = Busy::default();
        let slow = || vec!["slow".to_owned(), "slow".to_owned()];
        for user in (0..).take(PUSH_USERS_PER_LANE) {
            assert!(busy.take(UserKey(user), slow()));
        }
        assert!(!busy.take(UserKey(1_000), slow()));
        assert_eq!(busy.full_lanes(), ["slow"]);
        assert!(!busy.take(UserKey(0), vec!["fcm".to_owned()]), "is being told");
        assert!(busy.take(UserKey(1_000), vec!["fcm".to_owned()]));
        busy.free(UserKey(0));
        assert!(busy.full_lanes().is_empty() && busy.take(UserKey(0), slow()));
    }
}
