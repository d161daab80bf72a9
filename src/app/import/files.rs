//! The attachments that an import names, stored as uploads are.

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;

use super::{
    super::{Failure, runtime},
    sources::{LeftOut, Source, Sources, name_of},
};
use crate::{
    attachments::{
        AllowedTypes, HEAD_BYTES, Store, StoreError, Thumbnails, add_media, clean_name, detect,
        is_played, is_safe_image,
    },
    config::AttachmentConfig,
    db::ImportedFile,
};
use parlor_domain::{Attachment, AttachmentId, UserKey, Whole, archive, limits::IMAGE_BYTES};

/// Why a file is not stored.
pub(super) enum Unstored {
    /// It cannot be.
    LeftOut(LeftOut),
    /// The store fails, and all others would go the same way.
    Away(StoreError),
}

impl From<LeftOut> for Unstored {
    fn from(left_out: LeftOut) -> Self {
        Self::LeftOut(left_out)
    }
}

pub(super) struct Files {
    store: Store,
    allowed: AllowedTypes,
    sources: Sources,
    thumbnails: Thumbnails,
    runtime: Runtime,
}

impl Files {
    pub fn new(sources: Sources, config: AttachmentConfig) -> Result<Self, Failure> {
        let store = Store::open(&config.store).map_err(Failure::environment)?;
        let (allowed, thumbnails, runtime) = (config.allowed, Thumbnails::default(), runtime()?);
        Ok(Self { store, allowed, sources, thumbnails, runtime })
    }

    /// Stores a file under an id, unless it is only to be known whether it could be.
    pub fn take(
        &self,
        id: AttachmentId,
        of: &archive::Attachment,
        is_dry: bool,
    ) -> Result<ImportedFile, Unstored> {
        self.runtime.block_on(async {
            let mut source = self.sources.open(of).await?;
            let head = source.head(HEAD_BYTES).await?;
            let mut attachment = self.described(id, of, &head)?;
            let sha256 = match is_dry {
                true => [0; 32],
                false => self.put(&mut attachment, head.into(), source).await?,
            };
            Ok(ImportedFile { attachment, sha256 })
        })
    }

    /// What its beginning says of a file.
    fn described(
        &self,
        id: AttachmentId,
        of: &archive::Attachment,
        head: &[u8],
    ) -> Result<Attachment, LeftOut> {
        let name = clean_name(name_of(of));
        let content_type = detect(head, &name);
        if !self.allowed.allow(content_type) {
            let why = format!("is of a type that is not allowed ({content_type})");
            return Err(LeftOut::new("file_type", why));
        }
        let is_played = is_played(content_type);
        Ok(Attachment {
            id,
            name: name.into(),
            content_type: content_type.into(),
            size: 0,
            dimensions: None,
            thumbnail_type: None,
            duration_ms: of.duration_ms.filter(|_| is_played).map(|Whole(ms)| ms),
            waveform: of.waveform.clone().filter(|_| is_played),
        })
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
            if let Err(too_large) = self.sources.check_size(size) {
                upload.abort().await;
                return Err(too_large.into());
            }
            hash.update(&piece);
            upload.write(piece).await.map_err(Unstored::Away)?;
            piece = match rest.next().await {
                Ok(piece) => piece,
                Err(error) => {
                    upload.abort().await;
                    return Err(error.into());
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
        let added = add_media(attachment, &self.store, &self.allowed).await;
        added.map_err(Unstored::Away)?;
        Ok(hash.finalize().into())
    }
}
