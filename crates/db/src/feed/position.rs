//! How far the feed has been read. Whoever reads it does so by the queries that are
//! made here, on a connection of their own.

use std::time::Duration;

use diesel::{
    QueryableByName,
    pg::Pg,
    query_builder::{BoxedSqlQuery, SqlQuery},
    sql_query,
    sql_types::{Array, BigInt, Bool, Nullable, Text},
};
use serde::Deserialize;
use serde_json::Value;

use super::{FeedRow, Happened};

/// A look at the feed. What was not committed at it is new, however long its
/// transaction takes: no row is waited for, and none is passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPosition {
    /// A `pg_snapshot`.
    since: String,
    /// When it was, in milliseconds of the database's clock.
    at: i64,
    /// In which run of the database: after a crash, numbers of transactions that had
    /// only been rolled back may be given again.
    run: String,
    /// Where the last page ended, if it was not the last there is.
    page: Option<PageEnd>,
    /// Rows that were read and are looked at again: at most one for each transaction
    /// that this process has open.
    pub(crate) aside: Vec<FeedRow>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct PageEnd {
    /// The look that all pages read up to, when it was, and in which run.
    upto: String,
    at: i64,
    run: String,
    /// The last row.
    xid: String,
    id: i64,
}

/// Rows of the feed, by number of transaction.
#[derive(Clone, Debug)]
pub struct FeedPage {
    pub rows: Vec<FeedRow>,
    /// Where the next read begins.
    pub next: FeedPosition,
    /// There are no more at the moment.
    pub is_last: bool,
    /// How long ago the look was behind which it reads: nothing that is still to be
    /// read was committed before.
    pub age: Duration,
}

/// What [`FeedPosition::look`] gives.
#[derive(QueryableByName)]
pub(crate) struct LookRow {
    #[diesel(sql_type = Text)]
    since: String,
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = Text)]
    run: String,
    /// The highest number of the rows that are there.
    #[diesel(sql_type = BigInt)]
    pub newest: i64,
}

/// What [`FeedPosition::query`] gives.
#[derive(QueryableByName)]
pub(crate) struct PageRow {
    #[diesel(sql_type = Array<BigInt>)]
    ids: Vec<i64>,
    #[diesel(sql_type = Array<Text>)]
    items: Vec<String>,
    #[diesel(sql_type = Array<Bool>)]
    again: Vec<bool>,
    #[diesel(sql_type = Nullable<Text>)]
    xid: Option<String>,
    #[diesel(sql_type = Text)]
    upto: String,
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = Text)]
    run: String,
}

impl From<LookRow> for FeedPosition {
    fn from(LookRow { since, at, run, newest: _ }: LookRow) -> Self {
        Self { since, at, run, page: None, aside: Vec::new() }
    }
}

impl FeedPosition {
    /// Asks for a look at this moment.
    pub(crate) fn look() -> SqlQuery {
        sql_query(
            "SELECT pg_current_snapshot()::text AS since,
                    (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at,
                    parlor_feed_run() AS run, (SELECT coalesce(max(id), 0) FROM feed) AS newest",
        )
    }

    /// Asks for the rows that were committed since, at most `limit`.
    pub(crate) fn query(&self, limit: usize) -> BoxedSqlQuery<'static, Pg, SqlQuery> {
        let page = self.page.as_ref();
        let query = sql_query(
            "SELECT * FROM parlor_read_feed($1::pg_snapshot, $2, $3, $4::pg_snapshot, $5,
                 $6::xid8, $7, $8)",
        );
        query
            .into_boxed::<Pg>()
            .bind::<Text, _>(self.since.clone())
            .bind::<BigInt, _>(self.at)
            .bind::<Text, _>(self.run.clone())
            .bind::<Nullable<Text>, _>(page.map(|page| page.upto.clone()))
            .bind::<Nullable<Text>, _>(page.map(|page| page.run.clone()))
            .bind::<Text, _>(page.map_or("0", |page| &page.xid).to_owned())
            .bind::<BigInt, _>(page.map_or(0, |page| page.id))
            .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
    }

    /// What was found; `limit` is that of the query.
    pub(crate) fn page(self, found: PageRow, limit: usize) -> FeedPage {
        let PageRow { ids, items, again, xid, upto, at, run } = found;
        let age = Duration::from_millis(u64::try_from(at - self.at).unwrap_or(0));
        // All pages are of the look of the first.
        let first = self.page.as_ref().filter(|page| (&page.upto, &page.run) == (&upto, &run));
        let at = first.map_or(at, |page| page.at);
        let next = match (ids.last(), xid) {
            (Some(id), Some(xid)) if ids.len() >= limit => {
                let page = Some(PageEnd { upto, at, run, xid, id: *id });
                Self { page, ..self }
            }
            _ => Self { since: upto, at, run, page: None, aside: self.aside },
        };
        let is_last = next.page.is_none();
        let rows = ids.into_iter().zip(items).zip(again);
        let rows = rows.map(|((id, items), again)| FeedRow { id, again, happened: parse(&items) });
        FeedPage { rows: rows.collect(), next, is_last, age }
    }
}

fn parse(items: &str) -> Vec<Happened> {
    serde_json::from_str(items).unwrap_or_else(|_| understood(items))
}

/// A newer node may write what this one does not know, beside what it does.
fn understood(items: &str) -> Vec<Happened> {
    let all: Vec<Value> = serde_json::from_str(items).unwrap_or_default();
    let one = |item: Value| {
        let read = Happened::deserialize(&item);
        read.inspect_err(|error| log::debug!("an item of the feed is not understood: {error}")).ok()
    };
    all.into_iter().filter_map(one).collect()
}

#[test]
fn what_a_newer_node_says_besides_takes_nothing_away() {
    let items =
        r#"[{"t":"danced","room":1},{"t":"head","room":7,"seq":9},{"t":"told","s":"sung"}]"#;
    assert_eq!(parse(items), [Happened::Head { room: 7, seq: 9 }]);
    assert_eq!(parse("{"), []);
}
