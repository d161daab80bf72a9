//! One group commit: many writes, one transaction, each with its own result.

use diesel::{
    QueryResult,
    result::{DatabaseErrorKind, Error},
};

use super::{
    Conn, Executed, NewMessage, OutboxTargets, Write, WriteError, WriteResult, Written, attachment,
    audit, ban, direct, erase, identity, member, message, outbox, publish, receipt, record,
    refresh, room, transaction, user,
};

use parlor_domain::limits::POSTGRES_RETRIES;

/// Executes all writes in order. When this returns, what it says has been
/// done is durable, and what it says has failed has left nothing behind.
pub(in crate::db) fn execute(conn: &mut Conn, writes: &[Write], told: &OutboxTargets) -> Executed {
    match patiently(conn, writes, told) {
        Ok(executed) => executed,
        Err(error) if writes.len() > 1 && is_fault_of_a_row(&error) => {
            log::warn!("a batch of {} writes is tried one by one: {error}", writes.len());
            one_by_one(conn, writes, told)
        }
        Err(error) => {
            log::error!("a batch of {} writes failed: {error}", writes.len());
            Executed::failed(writes.len())
        }
    }
}

/// Two transactions that wait for each other: the database has ended one, and
/// it goes again behind the other. So does one that stored what another was
/// just storing, and finds it now.
fn patiently(conn: &mut Conn, writes: &[Write], told: &OutboxTargets) -> QueryResult<Executed> {
    let mut tries = 0;
    loop {
        match commit(conn, writes, told) {
            Err(error) if is_conflict(&error) && tries < POSTGRES_RETRIES => tries += 1,
            committed => return committed,
        }
    }
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

/// Each write in a transaction of its own, until the database itself fails:
/// then the rest would wait for it in vain, and fill the log.
fn one_by_one(conn: &mut Conn, writes: &[Write], told: &OutboxTargets) -> Executed {
    let mut all = Executed::default();
    for write in writes {
        match patiently(conn, std::slice::from_ref(write), told) {
            Ok(Executed { results, recorded }) => {
                all.results.extend(results);
                all.recorded.extend(recorded);
            }
            Err(error) => {
                log::error!("a write failed: {error}");
                all.results.push(Err(WriteError::Database));
                if !is_fault_of_a_row(&error) {
                    break;
                }
            }
        }
    }
    all.results.resize(writes.len(), Err(WriteError::Database));
    all
}

/// Whether other writes of the batch may well succeed without one of them.
/// A database that is locked, full or broken fails them all.
fn is_fault_of_a_row(error: &Error) -> bool {
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

/// What others want to know of is recorded in the same transaction; they are
/// woken by the caller, once it has committed.
fn run_and_record(
    conn: &mut Conn,
    writes: &[Write],
    told: &OutboxTargets,
) -> QueryResult<(Executed, bool)> {
    let results = run(conn, writes)?;
    let any = if told.urls.is_empty() {
        false
    } else {
        let now = crate::clock::now();
        outbox::record(conn, told, writes, &results, now)?
    };
    let recorded = record(conn, writes, &results)?;
    Ok((Executed { results, recorded: recorded.into_iter().collect() }, any))
}

/// One transaction.
fn commit(conn: &mut Conn, writes: &[Write], told: &OutboxTargets) -> QueryResult<Executed> {
    let (executed, any) = transaction(conn, writes, |conn| run_and_record(conn, writes, told))?;
    if any {
        told.wake.notify_one();
    }
    Ok(executed)
}

/// Neighbouring messages go in together.
fn run(conn: &mut Conn, writes: &[Write]) -> QueryResult<Vec<WriteResult>> {
    let mut results = Vec::with_capacity(writes.len());
    let mut rest = writes;
    while let Some(first) = rest.first() {
        let messages: Vec<&NewMessage> = rest.iter().map_while(as_message).collect();
        if messages.is_empty() {
            results.push(one(conn, first)?);
            rest = &rest[1..];
        } else {
            results.extend(message::insert_run(conn, &messages)?);
            rest = &rest[messages.len()..];
        }
    }
    Ok(results)
}

fn as_message(write: &Write) -> Option<&NewMessage> {
    match write {
        // One with more than a content goes in by itself.
        Write::Message(message) if message.extras.is_none() => Some(message),
        _ => None,
    }
}

/// A refusal is found before anything is written.
fn one(conn: &mut Conn, write: &Write) -> QueryResult<WriteResult> {
    match write {
        Write::Message(new) => message::insert(conn, new),
        Write::Change(new) => message::apply(conn, new),
        Write::Delivered { room, user, seq } => receipt::delivered(conn, *room, *user, *seq),
        Write::Read { room, user, target, at } => receipt::raise(conn, *room, *user, *target, *at),
        Write::ReadAll { user, at } => receipt::raise_all(conn, *user, *at),
        Write::RoomCreate(new) => room::create(conn, new),
        Write::DirectOpen(new) => direct::open(conn, new),
        Write::RoomUpdate { room, change } => room::update(conn, *room, change),
        Write::RoomTrim { room, upto } => room::trim(conn, *room, *upto),
        Write::RoomRetention { room, retention } => room::set_retention(conn, *room, *retention),
        Write::RoomDelete { room } => room::delete(conn, *room),
        Write::RoomEnd { room, open_since } => room::end(conn, *room, *open_since),
        Write::RoomLeft { room, at } => room::note_left(conn, *room, *at),
        Write::RoomClear { room } => room::clear(conn, *room),
        Write::Purge { room } => room::purge(conn, *room),
        Write::MemberAdd { room, user, role, at, adder, bounds, mark_read } => {
            let (room, user, role, at) = (*room, *user, *role, *at);
            let (adder, mark_read) = (*adder, *mark_read);
            let adding = member::Adding { room, user, role, at, adder, bounds, mark_read };
            member::add(conn, &adding)
        }
        Write::MemberRemove { room, user, by, is_self } => {
            member::remove(conn, *room, *user, *by, *is_self)
        }
        Write::MemberUpdate { room, user, by, change } => {
            member::update(conn, *room, *user, *by, *change)
        }
        Write::OwnerTransfer { room, from, to } => member::transfer(conn, *room, *from, *to),
        Write::Ban { room, user, by, until, reason, at } => {
            ban::add(conn, *room, *user, *by, *until, reason, *at)
        }
        Write::Unban { room, user } => ban::remove(conn, *room, *user),
        Write::Block { user, other, blocks, at } => {
            direct::block(conn, *user, *other, *blocks, *at)
        }
        Write::PublishRoom { room, key, event } => {
            publish::to_room(conn, *room, key.as_ref(), event)
        }
        Write::PublishUser { user, key, event, keep } => {
            publish::to_user(conn, *user, key.as_ref(), event, *keep)
        }
        Write::PublishOnce { key, at, signal: _ } => publish::once(conn, key, *at),
        // The feed has it.
        Write::Signal { .. } => Ok(Ok(Written::Done)),
        Write::InboxAck { user, upto } => publish::ack(conn, *user, *upto),
        Write::Expire { inbox_before, keys_before, ids_before } => {
            user::forget_ids(conn, *ids_before)?;
            publish::expire(conn, *inbox_before, *keys_before)
        }
        Write::Seen(seen) => user::seen(conn, seen),
        Write::Presence { user, online, at } => user::presence(conn, *user, *online, *at),
        Write::Erase { user, at } => erase::user(conn, *user, *at),
        Write::EraseMessages { user, messages, last, at } => {
            erase::messages(conn, *user, messages, *last, *at)
        }
        Write::TokenRevoke { id, expires_at, at } => {
            identity::revoke_token(conn, id, *expires_at, *at)
        }
        Write::UserRevoke { user, at } => identity::revoke_user(conn, *user, None, *at),
        Write::UserBan { user, banned, until, reason } => {
            identity::ban(conn, *user, *banned, *until, reason)
        }
        Write::ApiKeyAdd(new) => identity::add_key(conn, new),
        Write::ApiKeyRevoke { id, at } => identity::revoke_key(conn, *id, *at),
        Write::AttachmentBegin(new) => attachment::begin(conn, new),
        Write::AttachmentFinish(new) => attachment::finish(conn, new),
        Write::AttachmentDrop { id, uploader, unused } => {
            attachment::drop_upload(conn, *id, *uploader, *unused)
        }
        Write::AttachmentsExpire { ids, unsent_before } => {
            attachment::expire(conn, ids, *unsent_before)
        }
        Write::AttachmentsGone { ids } => attachment::gone(conn, ids),
        Write::OutboxSettle(results) => outbox::settle(conn, results),
        Write::OutboxReplay { id, at } => outbox::replay(conn, *id, *at),
        Write::OutboxDrop { id } => outbox::drop_dead(conn, *id),
        Write::Audit(entry) => audit::record(conn, entry),
        Write::UserEnsure(seen) => user::ensure(conn, seen),
        Write::UserRegister { id, name, password_hash, at } => {
            user::register(conn, id, name, password_hash, *at)
        }
        Write::RefreshStart { user, password_hash, token } => {
            refresh::start(conn, *user, password_hash, token)
        }
        Write::RefreshRotate { hash, next, at, until } => {
            refresh::rotate(conn, hash, next, *at, *until)
        }
        Write::RefreshRevoke { hash, at, until } => refresh::revoke(conn, hash, *at, *until),
        Write::PasswordChange { user, was, password_hash, keeps, at } => {
            user::change_password(conn, *user, (was, password_hash), *keeps, *at)
        }
    }
}
