//! The options of `parlor dev`.

use clap::{Arg, Args};

use crate::config::{NOT_IN_TRIAL, ServeArgs};

/// Those of `parlor serve`, but for what would outlive the run.
#[derive(Args, Debug)]
#[command(mut_args(hidden))]
pub struct DevArgs {
    /// Port to listen on, instead of that of `--bind`; 0 picks any free port
    #[arg(long)]
    pub port: Option<u16>,
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// What is refused is not offered.
fn hidden(arg: Arg) -> Arg {
    let is_refused = arg.get_long().is_some_and(|name| NOT_IN_TRIAL.contains(&name));
    arg.hide(is_refused)
}
