//! The options of `parlor copy`.

use clap::Args;

#[derive(Args, Debug)]
pub struct CopyArgs {
    /// Database that is copied, `sqlite:<file>` or `postgres://…`; its servers
    /// must be stopped
    #[arg(long, env = "PARLOR_COPY_FROM", hide_env_values = true)]
    pub from: String,
    /// Database that it is copied into: an empty one, or one whose copy was
    /// not finished
    #[arg(long, env = "PARLOR_COPY_TO", hide_env_values = true)]
    pub to: String,
}
