//! Reading the feed: what was committed since a node looked last.

use diesel_async::RunQueryDsl;

use super::{Newest, Nodes, give_up_if_broken};
use crate::feed::{FeedPage, FeedPosition, LookRow, PageRow};
use parlor_domain::limits::FEED_KEPT;

impl Nodes {
    /// A look at this moment, and the highest number of the rows that are there.
    pub async fn look(&self) -> Result<(FeedPosition, i64), String> {
        let row = load!(self, LookRow, FeedPosition::look())?.into_iter().next().ok_or("no row")?;
        let newest = row.newest;
        Ok((row.into(), newest))
    }

    /// The rows that were committed since a look, at most `limit`. Those of which what
    /// they say is told by who wrote it in this process have nothing to say.
    pub async fn feed(&self, from: FeedPosition, limit: usize) -> Result<FeedPage, String> {
        let found = load!(self, PageRow, from.query(limit))?.into_iter().next().ok_or("no row")?;
        let mut page = from.page(found, limit);
        page.rows = self.own.sift(&mut page.next.aside, page.rows);
        Ok(page)
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

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::*;
    use crate::{
        Database, DatabaseUrl, FeedRow, Happened, Recorded,
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
        async fn of(database: &Database) -> Self {
            let nodes = database.nodes().expect("PostgreSQL");
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
        let mut follower = Follower::of(&bench.database).await;
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
        let mut follower = Follower::of(&bench.database).await;
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
        let mut follower = Follower::of(&bench.database).await;
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
        let mut follower = Follower::of(&bench.database).await;
        bench.run(
            "INSERT INTO feed (id, xid, items)
             SELECT 1, (pg_current_xact_id()::text::bigint + 1000)::text::xid8, '[]'",
        );
        write(&bench, [2]);
        assert_eq!(follower.read().await, [2]);
        assert!(follower.read().await.is_empty());
    }

    #[actix::test]
    async fn what_this_process_tells_itself_is_said_to_the_others_alone() {
        if !is_postgres() {
            return;
        }
        let bench = Bench::new();
        let (owner, user) = (bench.user("a"), bench.user("b"));
        let room = bench.room("r", &owner);
        let other = Database::open(&bench.url, 1).expect("it opens");
        let (mut here, mut there) =
            (Follower::of(&bench.database).await, Follower::of(&other).await);
        bench.add(&room, &user).expect("added");
        assert_eq!(said(&here.page(100).await.rows), []);
        let joined = said(&there.page(100).await.rows);
        assert!(matches!(joined[0], Happened::Joined { user: who, .. } if who == user.key.0));
    }

    #[actix::test]
    async fn a_row_of_which_nobody_here_learns_that_it_was_committed_is_read() {
        if !is_postgres() {
            return;
        }
        let bench = Bench::new();
        let mut here = Follower::of(&bench.database).await;
        let recorded = Recorded { id: 1, happened: vec![Happened::Keys] };
        let open = here.nodes.own.opened(&recorded).expect("it is to be known");
        bench.run(r#"INSERT INTO feed (id, items) VALUES (1, '[{"t":"keys"}]')"#);
        assert_eq!(here.page(100).await.rows, []);
        drop(open);
        assert_eq!(said(&here.page(100).await.rows), [Happened::Keys]);
        assert_eq!(here.page(100).await.rows, []);
    }

    fn said(rows: &[FeedRow]) -> Vec<Happened> {
        rows.iter().flat_map(|row| row.happened.clone()).collect()
    }
}
