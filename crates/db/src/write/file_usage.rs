//! How many bytes of files each user has stored: moved along with the rows,
//! because an upload must not cost by the number of those before it.

use std::collections::BTreeMap;

use parlor_domain::{FileQuota, FileUsage, Timestamp, UserKey};
use parlor_macros::each_backend;

use super::{WriteError, Written};

#[each_backend]
pub mod backend {
    use diesel::{
        ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl, upsert::excluded,
    };

    use super::*;
    use crate::{backend::Conn, schema::file_usage};

    /// Counts bytes that are about to be stored, unless they are too many.
    pub fn take(
        conn: &mut Conn,
        user: UserKey,
        bytes: i64,
        quota: FileQuota,
        now: Timestamp,
    ) -> Written<()> {
        let row = file_usage::table
            .find(user.0)
            .select((file_usage::stored, file_usage::recent, file_usage::recent_at))
            .first::<(i64, i64, i64)>(conn)
            .optional()?;
        let used = row.map_or(FileUsage::NONE, |(stored, recent, recent_at)| FileUsage {
            stored,
            recent,
            recent_at: Timestamp(recent_at),
        });
        let recent = quota.take(used, bytes, now).map_err(WriteError::QuotaReached)?;
        diesel::insert_into(file_usage::table)
            .values((
                file_usage::user_key.eq(user.0),
                file_usage::stored.eq(bytes),
                file_usage::recent.eq(recent),
                file_usage::recent_at.eq(now.0),
            ))
            .on_conflict(file_usage::user_key)
            .do_update()
            .set((
                // Others take from it meanwhile, as messages with files go.
                file_usage::stored.eq(file_usage::stored + excluded(file_usage::stored)),
                file_usage::recent.eq(excluded(file_usage::recent)),
                file_usage::recent_at.eq(excluded(file_usage::recent_at)),
            ))
            .execute(conn)?;
        Ok(())
    }

    /// There were fewer bytes than had been counted.
    pub fn correct(conn: &mut Conn, user: UserKey, fewer: i64) -> QueryResult<()> {
        if fewer == 0 {
            return Ok(());
        }
        diesel::update(file_usage::table.find(user.0))
            .set((
                file_usage::stored.eq(file_usage::stored - fewer),
                file_usage::recent.eq(file_usage::recent - fewer),
            ))
            .execute(conn)
            .map(drop)
    }

    /// Bytes that never came are none of the day's.
    pub fn forgive(conn: &mut Conn, user: UserKey, bytes: i64) -> QueryResult<()> {
        if bytes == 0 {
            return Ok(());
        }
        diesel::update(file_usage::table.find(user.0))
            .set(file_usage::recent.eq(file_usage::recent - bytes))
            .execute(conn)
            .map(drop)
    }

    /// Counts files that come by an import, or go by it from who has uploaded them to who
    /// has sent them: by users, how much more they have stored, and how much more of that
    /// is of the day. No quota stops them.
    pub fn shift(
        conn: &mut Conn,
        users: &BTreeMap<UserKey, (i64, i64)>,
        now: Timestamp,
    ) -> QueryResult<()> {
        for (user, (stored, recent)) in users {
            diesel::insert_into(file_usage::table)
                .values((
                    file_usage::user_key.eq(user.0),
                    file_usage::stored.eq(stored),
                    file_usage::recent.eq(recent),
                    file_usage::recent_at.eq(now.0),
                ))
                .on_conflict(file_usage::user_key)
                .do_update()
                .set((
                    file_usage::stored.eq(file_usage::stored + excluded(file_usage::stored)),
                    file_usage::recent.eq(file_usage::recent + excluded(file_usage::recent)),
                ))
                .execute(conn)?;
        }
        Ok(())
    }

    /// Files are gone: of whom, and how big. In the order of the users, so that
    /// two transactions never wait for each other.
    pub fn free(conn: &mut Conn, files: &[(i64, i64)]) -> QueryResult<()> {
        let mut freed: BTreeMap<i64, i64> = BTreeMap::new();
        for (user, size) in files {
            *freed.entry(*user).or_default() += size;
        }
        for (user, bytes) in freed {
            diesel::update(file_usage::table.find(user))
                .set(file_usage::stored.eq(file_usage::stored - bytes))
                .execute(conn)?;
        }
        Ok(())
    }

    /// Nothing is counted any more of who has been deleted.
    pub fn forget(conn: &mut Conn, user: UserKey) -> QueryResult<()> {
        diesel::delete(file_usage::table.find(user.0)).execute(conn).map(drop)
    }
}
