//! Importing into a server that runs.

use actix_web::web;

use super::{
    State,
    extract::Importer,
    reply::{Answered, Reply},
    tokens::to_the_end,
};
use crate::{
    chat::Operation as _,
    error::ApiError,
    operations::import::{ImportLines, ImportReport},
};

/// Import lines into rooms that may be in use.
pub(super) async fn import(
    importer: Importer,
    state: web::Data<State>,
    mut lines: ImportLines,
) -> Result<Reply<Answered<ImportReport>>, ApiError> {
    let who = importer.identity();
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
