//! The options of `parlor copy`.

use clap::Args;

#[derive(Args, Debug)]
pub struct CopyArgs {
    /// Source database; its servers must be stopped; such as
    /// `sqlite:./data/parlor.db`
    #[arg(long, env = "PARLOR_COPY_FROM", hide_env_values = true)]
    pub from: String,
    /// Target database: empty, or with an unfinished copy of the same source; such as
    /// `postgres://parlor:secret@db.example.org/parlor`
    #[arg(long, env = "PARLOR_COPY_TO", hide_env_values = true)]
    pub to: String,
}
