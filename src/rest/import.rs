//! Importing into a server that runs.

use actix_web::web;

use super::{
    State,
    reply::{Answered, Reply},
    tokens::to_the_end,
};
use crate::{
    auth::Identity,
    chat::{ChatError, Operation},
    error::ApiError,
    operations::import::{ImportLines, ImportReport},
};
use parlor_domain::Denied;

/// It makes users, rooms and messages, so whoever asks may do all of that.
pub(super) async fn import(
    who: Identity,
    state: web::Data<State>,
    mut lines: ImportLines,
) -> Result<Reply<Answered<ImportReport>>, ApiError> {
    if !ImportLines::SCOPES.iter().all(|scope| who.may(&[*scope])) {
        return Err(ChatError::from(Denied::NotAdmin).into());
    }
    lines.check(&state.rules())?;
    let users = lines.users();
    to_the_end(async move {
        let done = state.operate(&who, lines).await;
        // An answer that comes too late is no proof that nothing was done.
        users.iter().for_each(|user| state.authenticator.forget(user));
        Ok(Reply::answered(&done?))
    })
    .await
}
