//! The end of devices: nothing is told to where its user may not be any more.

use parlor_macros::each_backend;

#[each_backend]
pub mod backend {
    use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};
    use parlor_domain::{SignIn, UserKey};

    use crate::{
        backend::Conn,
        schema::{devices, push_notes},
    };

    /// Forgets one device, and what it was to be told. Says whether it was there.
    pub fn forget(conn: &mut Conn, user: UserKey, id: &str) -> QueryResult<bool> {
        let is_gone = diesel::delete(devices::table.find((user.0, id))).execute(conn)? > 0;
        let notes = push_notes::table.filter(push_notes::user_key.eq(user.0));
        diesel::delete(notes.filter(push_notes::device_id.eq(id))).execute(conn)?;
        Ok(is_gone)
    }

    /// Forgets all devices of a user but those that came with a sign-in.
    pub fn forget_all(conn: &mut Conn, user: UserKey, keeps: Option<SignIn>) -> QueryResult<()> {
        let of_user = devices::table.filter(devices::user_key.eq(user.0));
        let all: Vec<(String, Option<String>)> =
            of_user.select((devices::id, devices::via)).load(conn)?;
        let kept = keeps.map(SignIn::revocation_id);
        for (id, via) in all {
            if kept.is_none() || via.as_deref() != kept.as_deref() {
                forget(conn, user, &id)?;
            }
        }
        Ok(())
    }

    /// Forgets the devices that came with what is revoked.
    pub fn forget_via(conn: &mut Conn, id: &str) -> QueryResult<()> {
        let via = devices::table.filter(devices::via.eq(id));
        for (user, id) in
            via.select((devices::user_key, devices::id)).load::<(i64, String)>(conn)?
        {
            forget(conn, UserKey(user), &id)?;
        }
        Ok(())
    }
}
