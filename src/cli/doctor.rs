//! The options of `parlor doctor`.

use clap::Args;

use crate::config::ServeArgs;

#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// Address of a server as its clients have it, such as
    /// `https://example.org/chat`; without it, what a server with these settings needs
    /// on this machine is looked at
    pub url: Option<String>,
    /// An origin whose pages are to use the server, such as `https://app.example.org`
    #[arg(long, requires = "url")]
    pub origin: Option<String>,
    /// A token of a user, to sign in with. Others on this machine see it in the list of
    /// processes, unless it is in the variable
    #[arg(long, env = "PARLOR_DOCTOR_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Look at this machine, too
    #[arg(long)]
    pub settings: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub serve: ServeArgs,
}
