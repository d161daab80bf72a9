//! One group commit: many writes, one transaction, each with its own result.

use diesel::{
    QueryResult,
    result::{DatabaseErrorKind, Error},
};
use parlor_domain::{RoomRules, StoredMessage, limits::POSTGRES_RETRIES};
use parlor_macros::each_backend;
use parlor_process::log_throttle::LogThrottleByText;

use super::{
    Effects, Outcome, Queued, What, WriteError, WriteResult,
    error::settled,
    message::{NewMessage, Sent, Stored, at_once::Decided, first_of_each},
};
use crate::{
    OutboxTargets, Recorded, feed::OwnRows, life::Place, postgres::statement::lacks_its_statements,
};

/// What came of a batch.
#[derive(Debug, Default)]
pub(crate) struct Executed {
    /// In the order of the writes.
    pub results: Vec<WriteResult>,
    /// What the other nodes have to know, where there are any.
    pub recorded: Vec<Recorded>,
    /// The last position that it gave.
    pub newest: Option<Place>,
    pub health: Health,
}

/// Who hears of a batch besides those who asked for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listeners<'a> {
    pub targets: &'a OutboxTargets,
    /// What this process leaves in the feed, where there is one.
    pub own: Option<&'a OwnRows>,
}

/// What a batch says of those that come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Health {
    #[default]
    Well,
    /// The database failed, or the connection to it: not only one of the writes.
    Broken,
    /// Its connection has one session after the other, so whether a write goes
    /// through is chance.
    Shared,
}

impl Health {
    fn after(error: &Error) -> Self {
        match error {
            error if lacks_its_statements(error) => Self::Shared,
            error if is_fault_of_a_row(error) => Self::Well,
            _ => Self::Broken,
        }
    }
}

impl Executed {
    pub fn failed(writes: usize) -> Self {
        let failed = || Err(WriteError::Database);
        let results = std::iter::repeat_with(failed).take(writes).collect();
        Self { results, health: Health::Broken, ..Self::default() }
    }

    /// What came of a batch of which some messages were stored before these
    /// others.
    fn after(self, writes: &[Queued], decided: Decided, recorded: Option<Recorded>) -> Self {
        let mut left = self.results.into_iter();
        let mut newest = None;
        let mut results = Vec::with_capacity(writes.len());
        for (write, decided) in writes.iter().zip(decided) {
            let Some(stored) = decided else {
                results.push(left.next().unwrap_or(Err(WriteError::Database)));
                continue;
            };
            if let (Ok(StoredMessage { seq, duplicate: false, .. }), What::Message(message)) =
                (&stored, &write.what)
            {
                newest = Some((message.room, *seq));
            }
            results.push(sent(stored));
        }
        let (recorded, newest) =
            (recorded.into_iter().chain(self.recorded).collect(), self.newest.or(newest));
        Self { results, recorded, newest, health: self.health }
    }
}

/// Two transactions that wait for each other: the database has ended one, and
/// it goes again behind the other. So does one that stored what another was
/// just storing, and finds it now.
fn retried<T>(mut run: impl FnMut() -> QueryResult<T>) -> QueryResult<T> {
    let mut tries = 0;
    loop {
        match run() {
            Err(error) if is_conflict(&error) && tries < POSTGRES_RETRIES => tries += 1,
            done => return done,
        }
    }
}

/// Said of a batch, and of the writes of one.
static FAILED: LogThrottleByText = LogThrottleByText::new();

/// Said of a batch whose writes are tried one by one.
static RETRIED: LogThrottleByText = LogThrottleByText::new();

fn given_up(writes: usize, error: &Error) -> Executed {
    if let Some(times) = FAILED.again(&error.to_string()) {
        log::error!("a batch of {writes} writes failed: {error}{times}");
    }
    Executed { health: Health::after(error), ..Executed::failed(writes) }
}

fn is_conflict(error: &Error) -> bool {
    match error {
        Error::DatabaseError(
            DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::UniqueViolation,
            _,
        ) => true,
        Error::DatabaseError(_, info) => info.message().contains("deadlock detected"),
        _ => false,
    }
}

/// Whether it says something of the rows that were asked for, and nothing of
/// the connection: others may well succeed on it. A database that is locked,
/// full or broken fails them all, and so does a connection whose statements
/// are not there any more.
pub(crate) fn is_fault_of_a_row(error: &Error) -> bool {
    match error {
        Error::DatabaseError(kind, _) => !matches!(
            kind,
            DatabaseErrorKind::Unknown
                | DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ReadOnlyTransaction
        ),
        Error::NotFound
        | Error::InvalidCString(_)
        | Error::QueryBuilderError(_)
        | Error::SerializationError(_)
        | Error::DeserializationError(_) => true,
        _ => false,
    }
}

fn sent(stored: Stored) -> WriteResult {
    stored.map(|stored| Outcome::Message(Sent { stored, rich: None }))
}

/// The messages of a batch that consists of plain ones only, of which no two are
/// the same, into rooms without rules, and of which no webhook is told.
fn only_messages<'a>(writes: &'a [Queued], targets: &OutboxTargets) -> Option<Vec<&'a NewMessage>> {
    if !targets.urls.is_empty() {
        return None;
    }
    let messages: Vec<_> = writes.iter().map(as_plain_message).collect::<Option<_>>()?;
    let firsts = first_of_each(&messages);
    if messages.iter().any(|message| message.rules != RoomRules::default()) {
        return None;
    }
    let are_different =
        firsts.len() == messages.len() && firsts.iter().enumerate().all(|(i, first)| i == *first);
    are_different.then_some(messages)
}

fn as_plain_message(write: &Queued) -> Option<&NewMessage> {
    match &write.what {
        // One with more than a content goes in by itself.
        What::Message(message) if message.extras.is_none() => Some(message),
        _ => None,
    }
}

#[each_backend]
pub mod backend {
    use super::*;
    use crate::{
        backend::Conn,
        write::{
            backend::{SHARES_ROOMS, record, transaction},
            message::{at_once::backend::commit_messages, backend as message},
            outbox::backend as outbox,
        },
    };

    /// Executes all writes in order. When this returns, what it says has been
    /// done is durable, and what it says has failed has left nothing behind.
    pub fn execute(conn: &mut Conn, writes: &[Queued], listeners: Listeners<'_>) -> Executed {
        match at_once(conn, writes, listeners) {
            Ok(Some((decided, recorded))) => {
                let undecided = writes.iter().zip(&decided).filter(|(_, one)| one.is_none());
                let left: Vec<&Queued> = undecided.map(|(write, _)| write).collect();
                let rest = if left.is_empty() {
                    Executed::default()
                } else {
                    together(conn, &left, listeners)
                };
                rest.after(writes, decided, recorded)
            }
            // Any other error may have come after the commit.
            Err(error @ Error::DatabaseError(..)) if is_fault_of_a_row(&error) => {
                together(conn, &writes.iter().collect::<Vec<_>>(), listeners)
            }
            Ok(None) => together(conn, &writes.iter().collect::<Vec<_>>(), listeners),
            Err(error) => given_up(writes.len(), &error),
        }
    }

    /// Messages by one call of the database, where that is quicker than a
    /// transaction.
    fn at_once(
        conn: &mut Conn,
        writes: &[Queued],
        listeners: Listeners<'_>,
    ) -> QueryResult<Option<(Decided, Option<Recorded>)>> {
        if !SHARES_ROOMS {
            return Ok(None);
        }
        let Some(messages) = only_messages(writes, listeners.targets) else { return Ok(None) };
        retried(|| commit_messages(conn, &messages))
    }

    fn together(conn: &mut Conn, writes: &[&Queued], listeners: Listeners<'_>) -> Executed {
        match retried(|| commit(conn, writes, listeners)) {
            Ok(executed) => executed,
            Err(error) if writes.len() > 1 && is_fault_of_a_row(&error) => {
                if let Some(times) = RETRIED.again(&error.to_string()) {
                    let writes = writes.len();
                    log::warn!(
                        "a batch of {writes} writes failed and is retried one by one: \
                         {error}{times}"
                    );
                }
                one_by_one(conn, writes, listeners)
            }
            Err(error) => given_up(writes.len(), &error),
        }
    }

    /// Each write in a transaction of its own, until the database itself fails:
    /// then the rest would wait for it in vain, and fill the log.
    fn one_by_one(conn: &mut Conn, writes: &[&Queued], listeners: Listeners<'_>) -> Executed {
        let mut all = Executed::default();
        for write in writes {
            match retried(|| commit(conn, std::slice::from_ref(write), listeners)) {
                Ok(Executed { results, recorded, newest, health: _ }) => {
                    all.results.extend(results);
                    all.recorded.extend(recorded);
                    all.newest = newest.or(all.newest);
                }
                Err(error) => {
                    if let Some(times) = FAILED.again(&error.to_string()) {
                        log::error!("a write failed: {error}{times}");
                    }
                    all.results.push(Err(WriteError::Database));
                    all.health = Health::after(&error);
                    if all.health != Health::Well {
                        break;
                    }
                }
            }
        }
        all.results.resize_with(writes.len(), || Err(WriteError::Database));
        all
    }

    /// One transaction. What others want to know of it is recorded in it; they
    /// are woken once it has committed.
    fn commit(
        conn: &mut Conn,
        writes: &[&Queued],
        listeners: Listeners<'_>,
    ) -> QueryResult<Executed> {
        let Listeners { targets, own } = listeners;
        let (executed, any, open) = transaction(conn, writes, |conn| {
            let results = run(conn, writes)?;
            let mut effects = Effects::new(SHARES_ROOMS, !targets.urls.is_empty());
            for (write, result) in writes.iter().zip(&results) {
                if let Ok(outcome) = result {
                    write.effects(outcome, &mut effects);
                }
            }
            let any = outbox::record(conn, targets, &effects.webhooks)?;
            let newest = effects.newest();
            let recorded = record(conn, effects.into_happened())?;
            let open = own.zip(recorded.as_ref()).and_then(|(own, row)| own.opened(row));
            let recorded = recorded.into_iter().collect();
            Ok((Executed { results, recorded, newest, health: Health::Well }, any, open))
        })?;
        if let Some(row) = open {
            row.committed();
        }
        if any {
            targets.wake.notify_one();
        }
        Ok(executed)
    }

    /// Neighbouring messages go in together.
    fn run(conn: &mut Conn, writes: &[&Queued]) -> QueryResult<Vec<WriteResult>> {
        let mut results = Vec::with_capacity(writes.len());
        let mut rest = writes;
        while let Some(first) = rest.first() {
            let messages: Vec<&NewMessage> =
                rest.iter().map_while(|write| as_plain_message(write)).collect();
            if messages.is_empty() {
                results.push(settled(first.run(&mut conn.into()))?);
                rest = &rest[1..];
            } else {
                results.extend(message::insert_run(conn, &messages)?.into_iter().map(sent));
                rest = &rest[messages.len()..];
            }
        }
        Ok(results)
    }
}
