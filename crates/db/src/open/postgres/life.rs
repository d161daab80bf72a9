//! Makes sure that a PostgreSQL goes on where it was, or begins a new life.

use diesel::{
    Connection, QueryResult, QueryableByName, connection::SimpleConnection, sql_query,
    sql_types::Text,
};

use crate::{
    life::{Begun, NEW_EPOCH, RENEWED},
    open::Refused,
    postgres::{Conn, Guard, PostgresUrl, connect::establish},
    write::{life::postgres as life, postgres::WHOLE},
};
use parlor_domain::limits::{POSTGRES_MIGRATION_TIMEOUT, POSTGRES_RESPONSE_TIMEOUT};
use parlor_process::clock;

/// What tells one PostgreSQL from a copy of it: the cluster, its timeline (of
/// the write-ahead log: another one after a restore to a point in time, and
/// after a standby was promoted), the database and the table in it (others
/// after a dump was restored).
const IDENTITY: &str = "(SELECT system_identifier::text FROM pg_control_system()) || ':' || \
     left(pg_walfile_name(pg_current_wal_lsn()), 8) || ':' || \
     (SELECT oid::text FROM pg_database WHERE datname = current_database()) || ':' || \
     'life'::regclass::oid::text";

/// The same where a provider does not let everybody ask for the cluster.
const IDENTITY_OF_DATABASE: &str = "'?:?:' || \
     (SELECT oid::text FROM pg_database WHERE datname = current_database()) || ':' || \
     'life'::regclass::oid::text";

#[derive(QueryableByName)]
struct Identity {
    #[diesel(sql_type = Text)]
    identity: String,
}

/// Opens a database that has been migrated. Nodes that start together do it
/// one after the other.
///
/// On a thread of its own: whoever calls may be inside a runtime.
pub(crate) fn open(url: &PostgresUrl) -> Result<Guard, Refused> {
    std::thread::scope(|scope| {
        let opening = scope.spawn(|| {
            let conn = establish(url, POSTGRES_MIGRATION_TIMEOUT);
            let mut conn = conn.map_err(Refused::Open)?;
            make_sure(&mut conn).map_err(|error| Refused::Open(error.to_string()))
        });
        opening.join().unwrap_or_else(|_| Err(Refused::Open("opening it panicked".to_owned())))
    })
}

/// Has the next start begin a new life.
pub(crate) fn renew(url: &PostgresUrl) -> Result<(), Refused> {
    let mut conn = establish(url, POSTGRES_RESPONSE_TIMEOUT).map_err(Refused::Open)?;
    let renewed = life::set_witness(&mut conn, Some(RENEWED));
    renewed.map_err(|error| Refused::Open(error.to_string()))
}

fn make_sure(conn: &mut Conn) -> QueryResult<Guard> {
    let (identity, expression) = identify(conn)?;
    let (life, begun) = conn.transaction(|conn| {
        // All timelines change: nobody writes meanwhile, and it may take a while.
        conn.batch_execute(&format!(
            "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
             SELECT pg_advisory_xact_lock({WHOLE})"
        ))?;
        let known = life::known(conn)?;
        match known.witness {
            Some(witness) if witness == identity => QueryResult::Ok((known.life, None)),
            None => {
                life::set_witness(conn, Some(&identity))?;
                Ok((known.life, None))
            }
            Some(witness) => {
                let begun = life::begin(conn, Some(&identity), clock::now())?;
                let why = match witness.as_str() {
                    RENEWED => NEW_EPOCH,
                    _ => "the database was restored, failed over, copied or moved",
                };
                Ok((begun.life.clone(), Some((begun, why))))
            }
        }
    })?;
    begun.iter().for_each(|(begun, why): &(Begun, &str)| begun.log(why));
    Ok(Guard::new(life, expression))
}

/// What the database is known by, and the expression that gives it.
fn identify(conn: &mut Conn) -> QueryResult<(String, &'static str)> {
    let mut ask = |expression| {
        let query = sql_query(format!("SELECT {expression} AS identity"));
        diesel::RunQueryDsl::get_result::<Identity>(query, conn).map(|row| row.identity)
    };
    match ask(IDENTITY) {
        Ok(identity) => Ok((identity, IDENTITY)),
        Err(error) => {
            log::warn!(
                "a restore to a point in time or a failover will not be noticed by itself \
                 (docs/OPERATIONS.md, Restore): {error}"
            );
            Ok((ask(IDENTITY_OF_DATABASE)?, IDENTITY_OF_DATABASE))
        }
    }
}
