//! Whether the shared services, PostgreSQL and Redis, can be reached.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Shared by those who find out and those who tell.
#[derive(Clone, Debug)]
pub struct Health(Arc<State>);

#[derive(Debug)]
struct State {
    uses_redis: bool,
    redis: AtomicBool,
    database: AtomicBool,
}

impl Health {
    /// Redis counts as away until it is reached.
    pub fn new(uses_redis: bool) -> Self {
        let (redis, database) = (AtomicBool::new(false), AtomicBool::new(true));
        Self(Arc::new(State { uses_redis, redis, database }))
    }

    /// Says whether that is news.
    pub(super) fn redis_is(&self, there: bool) -> bool {
        self.0.redis.swap(there, Ordering::Relaxed) != there
    }

    /// Says whether that is news.
    pub(super) fn database_is(&self, there: bool) -> bool {
        self.0.database.swap(there, Ordering::Relaxed) != there
    }

    /// What is missing: then nothing is lost, and other nodes hear later.
    pub fn degraded(&self) -> Option<&'static str> {
        let State { uses_redis, redis, database } = &*self.0;
        if !database.load(Ordering::Relaxed) {
            return Some("database");
        }
        (*uses_redis && !redis.load(Ordering::Relaxed)).then_some("redis")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_without_redis_misses_none() {
        assert_eq!(Health::new(false).degraded(), None);
        let health = Health::new(true);
        assert_eq!(health.degraded(), Some("redis"));
        assert!(health.redis_is(true) && !health.redis_is(true));
        assert_eq!(health.degraded(), None);
        health.database_is(false);
        assert_eq!(health.degraded(), Some("database"));
    }
}
