//! What applications have submitted in transactions of their own, by the
//! functions `parlor_publish` and `parlor_send` of the database.
//!
//! A row appears with the application's commit, in whatever order those come: what
//! waits is looked for from the first number on each time, and is deleted when it was
//! carried out, so that none is passed over.

use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Nullable, Text},
};
use diesel_async::RunQueryDsl;

use super::{Newest, Nodes, give_up_if_broken};
use parlor_domain::{
    RoomId, UserId,
    limits::{SUBMISSION_PAGE, SUBMISSION_ROOMS, SUBMISSIONS_REFUSED},
};

/// What waits to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    pub id: i64,
    pub room: RoomId,
    /// Whose message it is; `None`: the application publishes an event.
    pub sender: Option<UserId>,
    /// The fields of the request over REST, without the room: a JSON object.
    pub request: String,
}

/// What cannot be carried out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub id: i64,
    pub why: String,
}

#[derive(QueryableByName)]
struct SubmissionRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    room: String,
    #[diesel(sql_type = Nullable<Text>)]
    sender: Option<String>,
    #[diesel(sql_type = Text)]
    request: String,
}

impl From<SubmissionRow> for Submission {
    fn from(SubmissionRow { id, room, sender, request }: SubmissionRow) -> Self {
        let (room, sender) = (RoomId::from_stored(room), sender.map(UserId::from_stored));
        Self { id, room, sender, request }
    }
}

impl Nodes {
    /// The first that wait in each of some rooms, by room and number: rooms behind
    /// `after`, without those that are `busy`. Nothing for one that does not lead at this
    /// moment, whatever it was told last.
    ///
    /// It costs by the rooms that wait, not by what waits in them: the index leads from
    /// room to room, and what it finds in one is bounded before it is compared.
    pub async fn submissions(
        &self,
        me: &str,
        after: &str,
        busy: &[&str],
    ) -> Result<Vec<Submission>, String> {
        let query = diesel::sql_query(format!(
            "WITH RECURSIVE lanes (room, n) AS (
                 SELECT min(room), 1 FROM submissions WHERE refused IS NULL AND room > $2
                 UNION ALL
                 SELECT (SELECT min(next.room) FROM submissions next
                         WHERE next.refused IS NULL AND next.room > lanes.room), n + 1
                 FROM lanes WHERE lanes.room IS NOT NULL AND n < {SUBMISSION_ROOMS}
             )
             SELECT first.id, first.room, first.sender, first.request::text AS request
             FROM lanes
             CROSS JOIN LATERAL (
                 SELECT * FROM submissions next
                 WHERE next.refused IS NULL AND next.room >= lanes.room
                 ORDER BY next.room, next.id LIMIT {SUBMISSION_PAGE}
             ) first
             WHERE first.room = lanes.room AND lanes.room <> ALL ($3)
               AND $1 = (SELECT incarnation FROM nodes WHERE until > clock_timestamp()
                         ORDER BY id LIMIT 1)
             ORDER BY first.room, first.id"
        ));
        let query = query.bind::<Text, _>(me.to_owned()).bind::<Text, _>(after.to_owned());
        let busy: Vec<String> = busy.iter().map(|room| (*room).to_owned()).collect();
        let query = query.bind::<Array<Text>, _>(busy);
        let rows = load!(self, SubmissionRow, query)?;
        Ok(rows.into_iter().map(Submission::from).collect())
    }

    /// What was carried out goes; what was refused is kept for a while, with the reason.
    pub async fn settle_submissions(
        &self,
        done: &[i64],
        refused: &[Refused],
    ) -> Result<(), String> {
        let query = diesel::sql_query(
            "WITH done AS (DELETE FROM submissions WHERE id = ANY ($1)),
                 refused AS (UPDATE submissions SET refused = one.why
                     FROM unnest($2, $3) AS one (id, why) WHERE submissions.id = one.id
                     RETURNING submissions.id)
             SELECT count(*) AS id FROM refused",
        );
        let (ids, why): (Vec<i64>, Vec<String>) =
            refused.iter().map(|Refused { id, why }| (*id, why.clone())).unzip();
        let query = query.bind::<Array<BigInt>, _>(done.to_owned());
        let query = query.bind::<Array<BigInt>, _>(ids).bind::<Array<Text>, _>(why);
        load!(self, Newest, query)?;
        if refused.is_empty() { Ok(()) } else { self.forget_refused().await }
    }

    async fn forget_refused(&self) -> Result<(), String> {
        let query = diesel::sql_query(format!(
            "WITH gone AS (DELETE FROM submissions WHERE refused IS NOT NULL AND id <= (
                     SELECT id FROM submissions WHERE refused IS NOT NULL
                     ORDER BY id DESC OFFSET {SUBMISSIONS_REFUSED} LIMIT 1) RETURNING id)
             SELECT count(*) AS id FROM gone"
        ));
        let rows = load!(self, Newest, query)?;
        let gone = rows.into_iter().next().map_or(0, |row| row.id);
        if gone > 0 {
            log::warn!(
                "more than {SUBMISSIONS_REFUSED} submissions were refused: the oldest {gone} are \
                 dropped"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Database, SubmissionBacklog,
        samples::{Bench, database::is_postgres},
    };

    async fn look(database: &Database, after: &str, busy: &[&str]) -> Vec<(String, i64)> {
        let nodes = database.nodes().expect("on PostgreSQL");
        let found = nodes.submissions("me", after, busy).await.expect("read");
        found.into_iter().map(|one| (one.room.as_str().to_owned(), one.id)).collect()
    }

    fn nodes(bench: &Bench, first: &str) {
        bench.run("DELETE FROM nodes");
        for (number, incarnation) in (0..).zip([first, "other"]) {
            bench.run(&format!(
                "INSERT INTO nodes VALUES ({number}, '{incarnation}', '', \
                 clock_timestamp() + interval '1 minute')"
            ));
        }
    }

    #[actix::test]
    async fn a_look_finds_the_first_of_each_room_for_the_one_that_leads() {
        if !is_postgres() {
            return;
        }
        let bench = Bench::new();
        let ann = bench.user("ann");
        for room in ["a", "b", "c"] {
            bench.room(room, &ann);
        }
        let each = i64::try_from(SUBMISSION_PAGE).expect("small");
        bench
            .run(&format!("SELECT parlor_publish('a', 'x') FROM generate_series(1, {})", each + 5));
        bench.run("SELECT parlor_send(room, 'ann', 'hi') FROM unnest(ARRAY['c', 'b']) AS room");
        nodes(&bench, "other one");
        assert_eq!(look(&bench.database, "", &[]).await, [], "it does not lead");
        nodes(&bench, "me");
        let of_a: Vec<_> = (1..=each).map(|id| ("a".to_owned(), id)).collect();
        let (b, c) = (("b".to_owned(), each + 7), ("c".to_owned(), each + 6));
        let whole = [&of_a[..], &[b.clone(), c.clone()]].concat();
        assert_eq!(look(&bench.database, "", &[]).await, whole);
        assert_eq!(look(&bench.database, "a", &[]).await, [b.clone(), c.clone()]);
        assert_eq!(look(&bench.database, "", &["a", "c"]).await, [b]);
    }

    #[actix::test]
    async fn what_is_done_goes_and_what_is_refused_stays_with_the_reason() {
        let bench = Bench::new();
        let backlog = async || bench.database.reader.submission_backlog().await.expect("read");
        assert_eq!(backlog().await, SubmissionBacklog::default());
        if !is_postgres() {
            return;
        }
        bench.room("a", &bench.user("ann"));
        bench.run("SELECT parlor_publish('a', 'x') FROM generate_series(1, 3)");
        let nodes = bench.database.nodes().expect("on PostgreSQL");
        let refused = [Refused { id: 2, why: "it is not liked".to_owned() }];
        nodes.settle_submissions(&[1], &refused).await.expect("settled");
        assert_eq!(backlog().await, SubmissionBacklog { waiting: 1, oldest_s: 0, refused: 1 });
        assert_eq!(bench.count("submissions WHERE id = 2 AND refused = 'it is not liked'"), 1);
        // The bound.
        bench.run(&format!(
            "INSERT INTO submissions (room, request, refused) \
             SELECT 'a', '{{}}', 'why' FROM generate_series(1, {SUBMISSIONS_REFUSED})"
        ));
        let refused = [Refused { id: 3, why: "nor is this".to_owned() }];
        nodes.settle_submissions(&[], &refused).await.expect("settled");
        assert_eq!(bench.count("submissions"), SUBMISSIONS_REFUSED);
        assert_eq!(bench.count("submissions WHERE id < 4"), 0);
    }

    /// Whoever takes the id next would say it.
    #[actix::test]
    async fn what_is_submitted_for_a_user_goes_with_them() {
        if !is_postgres() {
            return;
        }
        let bench = Bench::new();
        let (ann, ben) = (bench.user("ann"), bench.user("ben"));
        bench.room("a", &ann);
        bench.run("SELECT parlor_send('a', id, 'hi') FROM users, generate_series(1, 2)");
        bench.run("UPDATE submissions SET refused = 'why' WHERE id = 1");
        bench.one(crate::EraseUser { user: ben.key, at: crate::samples::AT }).expect("erased");
        assert_eq!(bench.count("submissions WHERE sender = 'ben'"), 0);
        assert_eq!(bench.count("submissions WHERE sender = 'ann'"), 2);
    }

    /// What the functions check by themselves is what the types of a request check.
    #[test]
    fn the_functions_know_the_limits() {
        use parlor_domain::{
            ID_CHARS_MAX, PublicationKey,
            limits::{ATTACHMENTS_PER_MESSAGE, EVENT_BYTES, METADATA_BYTES},
        };
        let functions =
            include_str!("../../../../migrations/postgres/00000000000030_submissions/up.sql");
        for said in [
            format!("octet_length(data::text) > {EVENT_BYTES} "),
            format!("octet_length(metadata::text) > {METADATA_BYTES} "),
            format!("octet_length(key) NOT BETWEEN 1 AND {} ", PublicationKey::BYTES_MAX),
            format!("octet_length(client_id) NOT BETWEEN 1 AND {ID_CHARS_MAX} "),
            format!("cardinality(attachments) > {ATTACHMENTS_PER_MESSAGE} "),
        ] {
            assert!(functions.contains(&said), "{said}");
        }
    }
}
