//! `parlor doctor`: says what is right, what is doubtful and what is wrong with a server,
//! and what to do about it. It changes nothing.

mod findings;
mod machine;
mod server;
mod services;
mod socket;
mod target;
mod upgrade;

use self::{findings::Findings, server::Server, target::Target};
use super::{Failure, output, runtime};
use crate::cli::DoctorArgs;

pub(super) fn doctor(args: DoctorArgs) -> Result<(), Failure> {
    let DoctorArgs { url, origin, token, settings, json, serve } = args;
    let target = url.as_deref().map(|url| Target::new(url, origin.as_deref(), token)).transpose();
    let target = target.map_err(Failure::value)?;
    let mut found = Findings::default();
    let runtime = runtime()?;
    runtime.block_on(async {
        if let Some(target) = &target {
            Server { target, found: &mut found }.look().await;
        }
        if settings || target.is_none() {
            machine::look(serve, &mut found).await;
        }
    });
    // A name that nobody resolves may take longer than anybody waited for it.
    runtime.shutdown_background();
    output::answer(&if json { found.to_json() } else { found.to_text() })?;
    match found.exit_code() {
        0 => Ok(()),
        // All of it was said.
        code => Err(Failure { line: String::new(), code }),
    }
}
