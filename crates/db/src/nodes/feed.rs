//! Reading the feed: what was committed since a node looked last.

use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Bool, Nullable, Text},
};
use diesel_async::RunQueryDsl;

use super::{NOW, Newest, Nodes, give_up_if_broken};
use crate::{FeedRow, Happened};
use parlor_domain::limits::FEED_KEPT;

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
}

#[derive(QueryableByName)]
struct LookRow {
    #[diesel(sql_type = Text)]
    since: String,
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = Text)]
    run: String,
    #[diesel(sql_type = BigInt)]
    newest: i64,
}

#[derive(QueryableByName)]
struct PageRow {
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

impl Nodes {
    /// A look at this moment, and the highest number of the rows that are there.
    pub async fn look(&self) -> Result<(FeedPosition, i64), String> {
        let query = diesel::sql_query(format!(
            "SELECT pg_current_snapshot()::text AS since, {NOW} AS at, parlor_feed_run() AS run,
                    (SELECT coalesce(max(id), 0) FROM feed) AS newest"
        ));
        let row = load!(self, LookRow, query)?.into_iter().next().ok_or("no row")?;
        let LookRow { since, at, run, newest } = row;
        Ok((FeedPosition { since, at, run, page: None }, newest))
    }

    /// The rows that were committed since a look, at most `limit`.
    pub async fn feed(&self, from: FeedPosition, limit: usize) -> Result<FeedPage, String> {
        let page = from.page.as_ref();
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let query = diesel::sql_query(
            "SELECT * FROM parlor_read_feed($1::pg_snapshot, $2, $3, $4::pg_snapshot, $5,
                 $6::xid8, $7, $8)",
        );
        let query = query
            .bind::<Text, _>(from.since.clone())
            .bind::<BigInt, _>(from.at)
            .bind::<Text, _>(from.run.clone())
            .bind::<Nullable<Text>, _>(page.map(|page| page.upto.clone()))
            .bind::<Nullable<Text>, _>(page.map(|page| page.run.clone()))
            .bind::<Text, _>(page.map_or("0", |page| &page.xid).to_owned())
            .bind::<BigInt, _>(page.map_or(0, |page| page.id))
            .bind::<BigInt, _>(most);
        let page = load!(self, PageRow, query)?.into_iter().next().ok_or("no row")?;
        Ok(page_of(from, page, limit))
    }

    /// Deletes what every node has read long ago.
    pub async fn forget_old(&self) -> Result<(), String> {
        let kept_s = FEED_KEPT.as_secs();
        let query = diesel::sql_query(format!(
            "WITH gone AS (DELETE FROM feed
                 WHERE at < clock_timestamp() - interval '{kept_s} s' RETURNING id)
             SELECT count(*) AS id FROM gone"
        ));
        load!(self, Newest, query).map(drop)
    }
}

fn page_of(from: FeedPosition, page: PageRow, limit: usize) -> FeedPage {
    let PageRow { ids, items, again, xid, upto, at, run } = page;
    // All pages are of the look of the first.
    let first = from.page.as_ref().filter(|page| (&page.upto, &page.run) == (&upto, &run));
    let at = first.map_or(at, |page| page.at);
    let next = match (ids.last(), xid) {
        (Some(id), Some(xid)) if ids.len() >= limit => {
            let page = Some(PageEnd { upto, at, run, xid, id: *id });
            FeedPosition { page, ..from }
        }
        _ => FeedPosition { since: upto, at, run, page: None },
    };
    let is_last = next.page.is_none();
    let rows = ids.into_iter().zip(items).zip(again);
    let rows = rows.map(|((id, items), again)| FeedRow { id, again, happened: parse(&items) });
    FeedPage { rows: rows.collect(), next, is_last }
}

fn parse(items: &str) -> Vec<Happened> {
    serde_json::from_str(items).unwrap_or_else(|error| {
        // A newer node may write what this one does not know.
        log::debug!("a row of the feed is not understood: {error}");
        Vec::new()
    })
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::*;
    use crate::{
        DatabaseUrl,
        postgres::Conn,
        samples::{
            Bench,
            database::{beside, is_postgres},
            on_a_thread,
        },
    };

    /// A reader of the feed.
    struct Follower {
        nodes: Nodes,
        position: FeedPosition,
    }

    impl Follower {
        async fn of(bench: &Bench) -> Self {
            let nodes = bench.database.nodes().expect("PostgreSQL");
            let (position, _) = nodes.look().await.expect("it is looked at");
            Self { nodes, position }
        }

        async fn page(&mut self, limit: usize) -> FeedPage {
            let read = self.nodes.feed(self.position.clone(), limit).await;
            let page = read.expect("it is read");
            self.position = page.next.clone();
            page
        }

        async fn read(&mut self) -> Vec<i64> {
            let page = self.page(100).await;
            assert!(page.is_last);
            ids(&page)
        }
    }

    fn ids(page: &FeedPage) -> Vec<i64> {
        page.rows.iter().map(|row| row.id).collect()
    }

    fn write(bench: &Bench, ids: impl IntoIterator<Item = i64>) {
        for id in ids {
            bench.run(&format!("INSERT INTO feed (id, items) VALUES ({id}, '[]')"));
        }
    }

    fn open(bench: &Bench, statements: &str) -> Conn {
        let DatabaseUrl::Postgres(url) = &bench.url else { unreachable!("it was asked") };
        on_a_thread(|| {
            let mut conn = beside(url);
            conn.batch_execute(statements).expect("good statements");
            conn
        })
    }

    fn end(mut conn: Conn, statement: &str) {
        on_a_thread(|| conn.batch_execute(statement).expect("it ends"));
    }

    #[actix::test]
    async fn a_row_is_read_once_however_late_it_is_committed() {
        if !is_postgres() {
            return;
        }
        let bench = Bench::new();
        write(&bench, [1]);
        let early = open(&bench, "BEGIN; INSERT INTO feed (id, items) VALUES (2, '[]')");
        let mut follower = Follower::of(&bench).await;
        let late = open(&bench, "BEGIN; INSERT INTO feed (id, items) VALUES (3, '[]')");
        let never = open(&bench, "BEGIN; INSERT INTO feed (id, items) VALUES (4, '[]')");
        write(&bench, [6, 5]);
        assert_eq!(follower.read().await, [6, 5]);
        end(early, "COMMIT");
        assert_eq!(follower.read().await, [2]);
        end(never, "ROLLBACK");
        write(&bench, [7]);
        assert_eq!(follower.read().await, [7]);
        end(late, "COMMIT");
        assert_eq!(follower.read().await, [3]);
        assert!(follower.read().await.is_empty());
    }

    #[actix::test]
    async fn pages_are_of_one_look_and_what_comes_between_them_is_read_after() {
        if !is_postgres() {
            return;
        }
        let bench = Bench::new();
        let late = open(&bench, "BEGIN; INSERT INTO feed (id, items) VALUES (100, '[]')");
        let mut follower = Follower::of(&bench).await;
        write(&bench, 1..=4);
        assert_eq!(ids(&follower.page(2).await), [1, 2]);
        write(&bench, [5]);
        end(late, "COMMIT");
        let page = follower.page(2).await;
        assert_eq!((ids(&page), page.is_last), (vec![3, 4], false));
        let page = follower.page(2).await;
        assert_eq!((ids(&page), page.is_last), (vec![], true));
        assert_eq!(follower.read().await, [100, 5]);
    }

    #[actix::test]
    async fn after_a_crash_of_the_database_what_was_written_since_comes_again() {
        if !is_postgres() {
            return;
        }
        let bench = Bench::new();
        write(&bench, [1]);
        bench.run("UPDATE feed SET at = at - interval '1 minute'");
        let mut follower = Follower::of(&bench).await;
        write(&bench, 2..=4);
        assert_eq!(follower.read().await, [2, 3, 4]);
        write(&bench, [5]);
        // What PostgreSQL itself does then: it is not logged.
        bench.run("TRUNCATE feed_run");
        // By a number that had been another's, which was rolled back before the look.
        bench.run("INSERT INTO feed (id, xid, items) SELECT 6, xid, '[]' FROM feed WHERE id = 1");
        let mut found = Vec::new();
        for _ in 0..3 {
            let page = follower.page(2).await;
            found.extend(page.rows.iter().map(|row| (row.id, row.again)));
        }
        found.sort_unstable();
        assert_eq!(found, [(2, true), (3, true), (4, true), (5, false), (6, true)]);
        write(&bench, [7]);
        let page = follower.page(2).await;
        assert_eq!((ids(&page), page.is_last), (vec![7], true));
    }

    #[actix::test]
    async fn rows_of_another_cluster_are_not_read() {
        if !is_postgres() {
            return;
        }
        let bench = Bench::new();
        let mut follower = Follower::of(&bench).await;
        bench.run(
            "INSERT INTO feed (id, xid, items)
             SELECT 1, (pg_current_xact_id()::text::bigint + 1000)::text::xid8, '[]'",
        );
        write(&bench, [2]);
        assert_eq!(follower.read().await, [2]);
        assert!(follower.read().await.is_empty());
    }
}
