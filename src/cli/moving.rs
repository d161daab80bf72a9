//! The options of `parlor export` and `parlor import`.

use std::path::PathBuf;

use clap::Args;

use crate::config::{AttachmentArgs, LimitArgs, StoreArgs};
use parlor_domain::RoomId;

#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Only this room, with the users in it; may be repeated
    #[arg(long = "room", value_name = "ROOM_ID", value_parser = parse_room)]
    pub rooms: Vec<RoomId>,
    /// Write the attachments into this folder, which is made if it is not there; without
    /// it, they are only named
    #[arg(long, value_name = "FOLDER")]
    pub files: Option<PathBuf>,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub attachments: AttachmentArgs,
}

#[derive(Args, Debug)]
pub struct ImportArgs {
    /// The file to import (docs/IMPORT.md); `-` is standard input
    pub file: PathBuf,
    /// Import through the server there, which goes on running; a token of an administrator
    /// is taken from PARLOR_IMPORT_TOKEN, or from the file that PARLOR_IMPORT_TOKEN_FILE
    /// names
    #[arg(long, value_name = "URL", conflicts_with = "dry_run")]
    pub url: Option<String>,
    /// Only check what would come of it: nothing is stored
    #[arg(long)]
    pub dry_run: bool,
    /// Stop at the first line that cannot be imported whole, instead of leaving it out
    #[arg(long, conflicts_with = "dry_run")]
    pub strict: bool,
    /// The folder of the attachments that the file names; by default, the one that the
    /// file is in
    #[arg(long, value_name = "FOLDER")]
    pub files: Option<PathBuf>,
    /// Also download attachments from this machine and from private networks
    #[arg(long)]
    pub private_urls: bool,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub attachments: AttachmentArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

fn parse_room(text: &str) -> Result<RoomId, String> {
    RoomId::parse(text).map_err(|error| format!("a room's id {error}"))
}
