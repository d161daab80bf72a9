//! `parlor backup`: the embedded database, its attachments and its secret in a folder.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use super::{Failure, output};
use crate::{
    attachments,
    cli::BackupArgs,
    config::{AttachmentConfig, StoreConfig},
    db,
};

/// The secret comes last, and the files after the database: each that it names is there.
pub(super) fn backup(BackupArgs { folder, store, attachments }: BackupArgs) -> Result<(), Failure> {
    let store = StoreConfig::new(store)?;
    let attachments = AttachmentConfig::new(attachments, &store)?;
    let failed = |error| Failure::environment(format!("{}: {error}", folder.display()));
    fs::create_dir_all(&folder).map_err(failed)?;
    let bytes = db::backup(&store.database, &folder.join("parlor.db"));
    let bytes = bytes.map_err(Failure::environment)?;
    let files = match &attachments.store {
        attachments::StoreConfig::Local(from) => {
            let copied = copy_new(from, &folder.join("attachments")).map_err(failed)?;
            format!("{copied} new attachments")
        }
        attachments::StoreConfig::S3(_) => "the attachments stay in their store".to_owned(),
    };
    let secret = "jwt.secret";
    let copied = copy_whole(&store.data_dir.join(secret), &folder.join(secret));
    let secret = if copied.map_err(failed)? { ", and the secret" } else { "" };
    let (from, to) = (&store.database, folder.display());
    output::answer(&format!("{from} is backed up in {to}: {bytes} bytes, {files}{secret}\n"))
}

/// Copies the files that are not there yet, which never change; says how many.
fn copy_new(from: &Path, to: &Path) -> io::Result<usize> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        // Nothing was uploaded yet, or it is gone by now.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    fs::create_dir_all(to)?;
    let mut copied = 0;
    for entry in entries {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copied += copy_new(&path, &target)?;
        } else if !target.exists() {
            copied += usize::from(copy_whole(&path, &target)?);
        }
    }
    Ok(copied)
}

/// Whether there was something to copy. What is interrupted leaves nothing that looks
/// whole.
fn copy_whole(from: &Path, to: &Path) -> io::Result<bool> {
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    match fs::copy(from, &part) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound && !from.exists() => {
            return Ok(false);
        }
        Err(error) => return Err(error),
    }
    File::open(&part)?.sync_all()?;
    fs::rename(&part, to)?;
    Ok(true)
}
