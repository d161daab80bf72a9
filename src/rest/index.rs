//! The search index, which few may look into at once.

use crate::{
    db::{Hit, SearchIndex, Wanted},
    error::ApiError,
    limiter::Limited,
    turns::{NoTurn, Shares, Turns},
};
use parlor_domain::{
    UserKey,
    limits::{
        RETRY_AFTER, SEARCH_CONNECTIONS, SEARCH_QUEUE_TIMEOUT, SEARCHES_EACH, SEARCHES_WAITING,
        SEARCHES_WAITING_EACH,
    },
};

/// The index, and how many may look into it at once.
#[derive(Clone)]
pub struct Search {
    index: SearchIndex,
    turns: Turns<UserKey>,
}

impl Search {
    pub fn new(index: SearchIndex) -> Self {
        let turns = Turns::new(Shares {
            places: usize::try_from(SEARCH_CONNECTIONS).unwrap_or(1),
            each: SEARCHES_EACH,
            waiting: SEARCHES_WAITING,
            waiting_each: SEARCHES_WAITING_EACH,
            queue_timeout: SEARCH_QUEUE_TIMEOUT,
        });
        Self { index, turns }
    }

    /// What is found, and whether there is more.
    pub(super) async fn find(
        &self,
        of: UserKey,
        wanted: Wanted,
    ) -> Result<(Vec<Hit>, bool), ApiError> {
        let failed = |error: String| {
            log::error!("a search failed: {error}");
            ApiError::unavailable()
        };
        let turn = self.turns.enter(of).await.map_err(|no| match no {
            NoTurn::Own => ApiError::from(Limited { retry_after: RETRY_AFTER }),
            NoTurn::Full => ApiError::unavailable(),
        })?;
        let index = self.index.clone();
        // To its end, even if nobody waits for it any more: it has its place so
        // long.
        let finding = actix_web::rt::spawn(async move {
            let found = index.find(wanted).await;
            drop(turn);
            found
        });
        finding.await.map_err(|error| failed(error.to_string()))?.map_err(failed)
    }
}
