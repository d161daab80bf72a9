//! The attachments that an import names: read from a folder or downloaded, and stored as
//! uploads are.

use std::{io, path::PathBuf};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::{fs::File, io::AsyncReadExt, runtime::Runtime};

use super::super::{Failure, runtime};
use crate::{
    attachments::{
        AllowedTypes, HEAD_BYTES, Store, StoreError, Thumbnails, clean_name, detect, is_safe_image,
    },
    config::AttachmentConfig,
    db::ImportedFile,
    outbound,
};
use parlor_domain::{
    Attachment, AttachmentId, UserKey, archive,
    limits::{FILE_DOWNLOAD_TIMEOUT, IMAGE_BYTES},
};

/// Bytes of a file that are read at once.
const PIECE: usize = 64 * 1024;

/// Why a file is not stored.
pub(super) enum Unstored {
    /// It cannot be: a code, and what continues a sentence that begins with its place.
    LeftOut(&'static str, String),
    /// The store fails, and all others would go the same way.
    Away(StoreError),
}

fn left_out(code: &'static str, why: impl Into<String>) -> Unstored {
    Unstored::LeftOut(code, why.into())
}

fn unread(error: io::Error) -> Unstored {
    left_out("unreadable_file", format!("cannot be read: {error}"))
}

/// Where the bytes of a file come from.
enum Source {
    File(File),
    Answer(reqwest::Response),
}

impl Source {
    /// Some more bytes; none at the end.
    async fn next(&mut self) -> Result<Bytes, Unstored> {
        match self {
            Self::File(file) => {
                let mut piece = Vec::with_capacity(PIECE);
                file.take(PIECE as u64).read_to_end(&mut piece).await.map_err(unread)?;
                Ok(piece.into())
            }
            Self::Answer(answer) => loop {
                match answer.chunk().await.map_err(undone)? {
                    None => return Ok(Bytes::new()),
                    Some(piece) if piece.is_empty() => {}
                    Some(piece) => return Ok(piece),
                }
            },
        }
    }
}

fn undone(error: reqwest::Error) -> Unstored {
    left_out("unreadable_file", format!("cannot be downloaded: {}", outbound::cause(error)))
}

pub(super) struct Files {
    store: Store,
    allowed: AllowedTypes,
    bytes_max: u64,
    folder: PathBuf,
    client: reqwest::Client,
    may_be_private: bool,
    thumbnails: Thumbnails,
    runtime: Runtime,
}

impl Files {
    /// They are below a folder, or at a URL, which may be a private one only if that is
    /// said.
    pub fn new(
        (folder, may_be_private): (PathBuf, bool),
        config: AttachmentConfig,
        bytes_max: u64,
    ) -> Result<Self, Failure> {
        let store = Store::open(&config.store).map_err(Failure::environment)?;
        let client = outbound::client_for_others(FILE_DOWNLOAD_TIMEOUT, may_be_private);
        let (allowed, thumbnails, runtime) = (config.allowed, Thumbnails::default(), runtime()?);
        Ok(Self { store, allowed, bytes_max, folder, client, may_be_private, thumbnails, runtime })
    }

    /// Stores a file under an id, unless it is only to be known whether it could be.
    pub fn take(
        &self,
        id: AttachmentId,
        of: &archive::Attachment,
        is_dry: bool,
    ) -> Result<ImportedFile, Unstored> {
        self.runtime.block_on(async {
            let mut source = self.open(of).await?;
            let mut head = Vec::with_capacity(HEAD_BYTES);
            while head.len() < HEAD_BYTES {
                match source.next().await? {
                    piece if piece.is_empty() => break,
                    piece => head.extend_from_slice(&piece),
                }
            }
            let mut attachment = self.described(id, of, &head)?;
            let sha256 = match is_dry {
                true => [0; 32],
                false => self.put(&mut attachment, head.into(), source).await?,
            };
            Ok(ImportedFile { attachment, sha256 })
        })
    }

    async fn open(&self, of: &archive::Attachment) -> Result<Source, Unstored> {
        let Some(url) = &of.url else {
            let file = File::open(self.folder.join(of.place())).await.map_err(unread)?;
            let found = file.metadata().await.map_err(unread)?;
            if !found.is_file() {
                return Err(left_out("unreadable_file", "is no file"));
            }
            self.check_size(found.len())?;
            return Ok(Source::File(file));
        };
        let no_url = |error| left_out("unreadable_file", format!("is no URL: {error}"));
        let url = reqwest::Url::parse(&url.0).map_err(no_url)?;
        if !self.may_be_private && outbound::names_private_address(&url) {
            return Err(left_out("private_url", "is a private address"));
        }
        let answer = self.client.get(url).send().await.map_err(undone)?;
        if answer.status() != reqwest::StatusCode::OK {
            let why = format!("was answered with {}", answer.status().as_u16());
            return Err(left_out("unreadable_file", why));
        }
        self.check_size(answer.content_length().unwrap_or(0))?;
        Ok(Source::Answer(answer))
    }

    fn check_size(&self, bytes: u64) -> Result<(), Unstored> {
        match bytes > self.bytes_max {
            true => Err(left_out("too_large", format!("has more than {} bytes", self.bytes_max))),
            false => Ok(()),
        }
    }

    /// What its beginning says of a file.
    fn described(
        &self,
        id: AttachmentId,
        of: &archive::Attachment,
        head: &[u8],
    ) -> Result<Attachment, Unstored> {
        let path = of.place().split(['?', '#']).next().unwrap_or_default();
        let name = clean_name(of.name.as_ref().map_or(path, |name| &*name.0));
        if head.is_empty() {
            return Err(left_out("unreadable_file", "is empty"));
        }
        let content_type = detect(head, &name);
        if !self.allowed.allow(content_type) {
            let why = format!("is of a type that is not allowed ({content_type})");
            return Err(left_out("file_type", why));
        }
        let (dimensions, thumbnail_type, size) = (None, None, 0);
        let (name, content_type) = (name.into(), content_type.into());
        Ok(Attachment { id, name, content_type, size, dimensions, thumbnail_type })
    }

    /// Puts the bytes into the store, and a thumbnail where there can be one.
    async fn put(
        &self,
        attachment: &mut Attachment,
        head: Bytes,
        mut rest: Source,
    ) -> Result<[u8; 32], Unstored> {
        let id = attachment.id;
        let mut upload = self.store.begin(id).await.map_err(Unstored::Away)?;
        let (mut hash, mut size, mut piece) = (Sha256::new(), 0, head);
        while !piece.is_empty() {
            size += piece.len() as u64;
            if let Err(too_large) = self.check_size(size) {
                upload.abort().await;
                return Err(too_large);
            }
            hash.update(&piece);
            upload.write(piece).await.map_err(Unstored::Away)?;
            piece = match rest.next().await {
                Ok(piece) => piece,
                Err(error) => {
                    upload.abort().await;
                    return Err(error);
                }
            };
        }
        upload.finish().await.map_err(Unstored::Away)?;
        attachment.size = i64::try_from(size).unwrap_or(i64::MAX);
        if is_safe_image(&attachment.content_type) && size <= IMAGE_BYTES {
            let reading = self.store.read_all(id);
            let made = self.thumbnails.make(UserKey(0), reading).await.map_err(Unstored::Away)?;
            if let Some(thumbnail) = made {
                self.store.put_thumbnail(id, thumbnail.bytes).await.map_err(Unstored::Away)?;
                attachment.dimensions = Some((thumbnail.width, thumbnail.height));
                attachment.thumbnail_type = Some(thumbnail.content_type.into());
            }
        }
        Ok(hash.finalize().into())
    }
}
