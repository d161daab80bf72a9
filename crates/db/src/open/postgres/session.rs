//! Whether a connection is a session of its own.
//!
//! A pooler between us and the server may hand each transaction to another
//! session. Statements that were prepared are not there then, a lock that
//! belongs to a session is never given back, and what sessions are set to
//! holds for others. Found out later, all writes would fail for ever.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_query,
    sql_types::{Integer, Nullable, Text},
};

use crate::postgres::{Conn, PostgresUrl, connect::establish, statement::lacks_its_statements};
use parlor_domain::limits::{
    POSTGRES_IDLE_IN_TRANSACTION, POSTGRES_RESPONSE_TIMEOUT, POSTGRES_STATEMENT_TIMEOUT,
};

#[derive(QueryableByName)]
struct Session {
    #[diesel(sql_type = Integer)]
    pid: i32,
    /// The names of settings that it does not have.
    #[diesel(sql_type = Nullable<Text>)]
    unset: Option<String>,
}

/// # Errors
/// It is not; one line for the operator.
pub(super) fn check(url: &PostgresUrl) -> Result<(), String> {
    let mut conn = establish(url, POSTGRES_RESPONSE_TIMEOUT)?;
    let checked = ask(&mut conn).and_then(|Session { pid, unset }| {
        QueryResult::Ok((is_shared(url, &mut conn, pid)?, unset))
    });
    match checked {
        Ok((true, _)) => Err(IN_TRANSACTION_MODE.to_owned()),
        // Two of them had the same session, or one had two.
        Err(error) if lacks_its_statements(&error) => Err(IN_TRANSACTION_MODE.to_owned()),
        Err(error) => Err(error.to_string()),
        Ok((false, Some(unset))) => Err(format!(
            "its sessions do not have the settings that they are asked to have ({unset}): a pooler \
             in between leaves them out; name the server itself, or give them to the role (ALTER \
             ROLE … SET …)"
        )),
        Ok((false, None)) => Ok(()),
    }
}

/// How many others may have to hold what is free at the pooler before one of
/// them has what was ours.
const OTHERS: usize = 3;

/// Whether somebody else is given the session of a connection between two of
/// its statements.
fn is_shared(url: &PostgresUrl, conn: &mut Conn, pid: i32) -> QueryResult<bool> {
    let mut held = Vec::new();
    while held.len() < OTHERS {
        // If there is no other one it is not known, and something else says why.
        let Ok(mut other) = establish(url, POSTGRES_RESPONSE_TIMEOUT) else { break };
        other.batch_execute("BEGIN")?;
        if ask(&mut other)?.pid == pid || ask(conn)?.pid != pid {
            return Ok(true);
        }
        held.push(other);
    }
    Ok(false)
}

const IN_TRANSACTION_MODE: &str = "a pooler in transaction mode (such as PgBouncer) is in \
     between, which parlor cannot write through: name the server itself, or use the pooler in \
     session mode";

/// What the order of rooms among several nodes and what is acknowledged rest
/// on: a transaction ends in time, and a commit is on the disk.
fn ask(conn: &mut Conn) -> QueryResult<Session> {
    let (statement, idle) =
        (POSTGRES_STATEMENT_TIMEOUT.as_millis(), POSTGRES_IDLE_IN_TRANSACTION.as_millis());
    sql_query(format!(
        "SELECT pg_backend_pid() AS pid, string_agg(name, ', ' ORDER BY name) AS unset
         FROM pg_settings WHERE CASE name
             WHEN 'statement_timeout' THEN setting::bigint NOT BETWEEN 1 AND {statement}
             WHEN 'lock_timeout' THEN setting::bigint NOT BETWEEN 1 AND {statement}
             WHEN 'idle_in_transaction_session_timeout' THEN
                 setting::bigint NOT BETWEEN 1 AND {idle}
             WHEN 'synchronous_commit' THEN setting IN ('off', 'local')
             ELSE false END"
    ))
    .get_result(conn)
}
