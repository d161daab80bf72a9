//! Where users are told of what they have not read, and when not.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable};
use diesel_async::RunQueryDsl;

use super::{ReadError, Reader, read};
use crate::{
    schema::{devices, push_state, quiet_times},
    write::push::ONE,
};
use parlor_domain::{Device, DeviceId, PushService, QuietTime, TimeOfDay, Timestamp, UserKey};

#[derive(Queryable)]
struct DeviceRow {
    id: String,
    service: String,
    registered_at: i64,
    told_at: Option<i64>,
}

impl DeviceRow {
    /// `None` for a service that only a later version knows.
    fn device(self) -> Option<Device> {
        let Self { id, service, registered_at, told_at } = self;
        Some(Device {
            id: DeviceId::from_stored(id),
            service: PushService::parse(&service)?,
            registered_at: Timestamp(registered_at),
            told_at: told_at.map(Timestamp),
        })
    }
}

impl Reader {
    /// All devices of a user, the one first that was registered last.
    pub async fn devices(&self, user: UserKey) -> Result<Vec<Device>, ReadError> {
        let query = devices::table
            .filter(devices::user_key.eq(user.0))
            .order((devices::registered_at.desc(), devices::id))
            .select((devices::id, devices::service, devices::registered_at, devices::told_at));
        let rows = read!(self, |conn| query.load::<DeviceRow>(&mut conn).await)?;
        Ok(rows.into_iter().filter_map(DeviceRow::device).collect())
    }

    /// When a user does not want to be told anything, if they have said so.
    pub async fn quiet_time(&self, user: UserKey) -> Result<Option<QuietTime>, ReadError> {
        let query = quiet_times::table.find(user.0).select((
            quiet_times::from_minute,
            quiet_times::until_minute,
            quiet_times::utc_offset_minutes,
        ));
        let row = read!(self, |conn| query.first::<(i64, i64, i64)>(&mut conn).await.optional())?;
        Ok(row.map(|(from, until, utc_offset_minutes)| QuietTime {
            from: TimeOfDay::from_stored(from),
            until: TimeOfDay::from_stored(until),
            utc_offset_minutes,
        }))
    }

    /// The key by which browsers know the server (PKCS #8), if one was made.
    pub async fn push_key(&self) -> Result<Option<Vec<u8>>, ReadError> {
        let query = push_state::table.find(ONE).select(push_state::key);
        let key = read!(self, |conn| query.first::<Option<Vec<u8>>>(&mut conn).await.optional())?;
        Ok(key.flatten())
    }
}
