//! The options of `parlor dev`.

use clap::{Arg, Args};

use crate::config::{NOT_IN_TRIAL, ServeArgs};

/// Those of `parlor serve`, but for what would outlive the run.
#[derive(Args, Debug)]
#[command(mut_args(hidden), mut_arg("jwt_secret", described))]
pub struct DevArgs {
    /// Port to listen on, instead of that of `--bind`; 0 picks any free port
    #[arg(long)]
    pub port: Option<u16>,
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// The secret has another part here.
fn described(arg: Arg) -> Arg {
    arg.help("Secret of your backend: tokens that are signed with it are taken, too; nothing else is signed with it")
        .long_help(None::<&str>)
}

/// What is refused is not offered.
fn hidden(arg: Arg) -> Arg {
    let is_refused = arg.get_long().is_some_and(|name| NOT_IN_TRIAL.contains(&name));
    arg.hide(is_refused)
}
