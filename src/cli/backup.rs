//! The options of `parlor backup`.

use std::path::PathBuf;

use clap::Args;

use crate::config::{AttachmentArgs, StoreArgs};

#[derive(Args, Debug)]
pub struct BackupArgs {
    /// Where the backup is written to; a later one into the same folder copies only the
    /// attachments that are new
    pub folder: PathBuf,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub attachments: AttachmentArgs,
}
