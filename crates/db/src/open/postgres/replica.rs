//! Whether a replica is one of the database.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};

use crate::postgres::{PostgresUrl, connect::establish};
use parlor_domain::limits::POSTGRES_RESPONSE_TIMEOUT;

/// What a standby has in common with its primary, the whole cluster being
/// copied byte by byte.
const COPIED: [&str; 2] = [
    "(SELECT system_identifier::text FROM pg_control_system()) || ':' || oid::text",
    // Where a provider does not let everybody ask for the cluster.
    "oid::text",
];

#[derive(QueryableByName)]
struct Identity {
    #[diesel(sql_type = Text)]
    identity: String,
}

/// One that cannot be asked may come later; each read finds out for itself
/// whether it shows the life of the database that is served.
///
/// # Errors
/// It is another one's; one line for the operator.
pub(crate) fn check(primary: &PostgresUrl, replica: &PostgresUrl) -> Result<(), String> {
    std::thread::scope(|scope| {
        let checking = scope.spawn(|| compare(primary, replica));
        checking.join().unwrap_or_else(|_| Err("asking it panicked".to_owned()))
    })
}

fn compare(primary: &PostgresUrl, replica: &PostgresUrl) -> Result<(), String> {
    let mut standby = match establish(replica, POSTGRES_RESPONSE_TIMEOUT) {
        Ok(standby) => standby,
        Err(cause) => {
            log::warn!("the replica {replica} cannot be used for now: {cause}");
            return Ok(());
        }
    };
    let mut primary = establish(primary, POSTGRES_RESPONSE_TIMEOUT)?;
    for what in COPIED {
        let ask = |conn| {
            sql_query(format!(
                "SELECT {what} AS identity FROM pg_database WHERE datname = current_database()"
            ))
            .get_result::<Identity>(conn)
        };
        if let (Ok(ours), Ok(theirs)) = (ask(&mut primary), ask(&mut standby)) {
            return match ours.identity == theirs.identity {
                true => Ok(()),
                false => Err("it is a replica of another database".to_owned()),
            };
        }
    }
    Ok(())
}
