//! The options of `parlor export` and `parlor import`.

use std::path::PathBuf;

use clap::Args;

use crate::config::{LimitArgs, StoreArgs};
use parlor_domain::RoomId;

#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Only this room, with the users in it; may be repeated
    #[arg(long = "room", value_name = "ROOM_ID", value_parser = parse_room)]
    pub rooms: Vec<RoomId>,
    #[command(flatten)]
    pub store: StoreArgs,
}

#[derive(Args, Debug)]
pub struct ImportArgs {
    /// The file to import (docs/IMPORT.md); `-` is standard input
    pub file: PathBuf,
    /// Only check what would come of it: nothing is stored
    #[arg(long)]
    pub dry_run: bool,
    /// Stop at the first line that cannot be imported whole, instead of leaving it out
    #[arg(long, conflicts_with = "dry_run")]
    pub strict: bool,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

fn parse_room(text: &str) -> Result<RoomId, String> {
    RoomId::parse(text).map_err(|error| format!("a room's id {error}"))
}
