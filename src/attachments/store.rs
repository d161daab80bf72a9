//! The store of the files: a directory or S3.

mod probe;

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use object_store::{
    ClientOptions, GetOptions, GetRange, ObjectStore, ObjectStoreExt, RetryConfig, WriteMultipart,
    aws::AmazonS3Builder, local::LocalFileSystem, path::Path,
};
use tokio::runtime::Handle;

use super::pieces;
use crate::outbound;
use parlor_domain::{
    AttachmentId, Timestamp,
    limits::{STORE_PARTS, STORE_RETRIES, STORE_TIMEOUT},
};

/// Where files go.
#[derive(Clone)]
pub enum StoreConfig {
    /// A directory.
    Local(PathBuf),
    /// An S3-compatible store.
    S3(Box<S3Config>),
}

impl std::fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Local(path) => f.debug_tuple("Local").field(path).finish(),
            Self::S3(s3) => f.debug_tuple("S3").field(&s3.bucket).finish(),
        }
    }
}

#[derive(Clone)]
pub struct S3Config {
    pub bucket: String,
    pub prefix: String,
    /// `None`: Amazon's own.
    pub endpoint: Option<String>,
    pub region: String,
    /// The access key and its secret; `None`: the role of the machine.
    pub keys: Option<(String, String)>,
}

impl StoreConfig {
    /// A store in S3, by `s3://bucket/prefix`; `None` if it is none.
    pub fn s3(
        url: &str,
        endpoint: Option<String>,
        region: String,
        keys: Option<(String, String)>,
    ) -> Option<Self> {
        let (bucket, prefix) = match url.strip_prefix("s3://")?.split_once('/') {
            Some((bucket, prefix)) => (bucket, prefix.trim_matches('/')),
            None => (url.strip_prefix("s3://")?, ""),
        };
        let (bucket, prefix) = (bucket.to_owned(), prefix.to_owned());
        let config = S3Config { bucket, prefix, endpoint, region, keys };
        (!config.bucket.is_empty()).then(|| Self::S3(Box::new(config)))
    }
}

/// The store did not do what it should; the cause has been logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the attachment store cannot be reached")]
    Away,
    /// Somebody took it out behind our back: asking again does not help.
    #[error("the file is missing from the attachment store")]
    Missing,
}

fn failed(error: object_store::Error) -> StoreError {
    log::error!("the attachment store failed: {error}");
    StoreError::Away
}

fn unread(error: object_store::Error) -> StoreError {
    match error {
        object_store::Error::NotFound { .. } => {
            log::error!("a file is missing from the attachment store: {error}");
            StoreError::Missing
        }
        error => failed(error),
    }
}

/// The files; clones share the store.
#[derive(Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    prefix: Path,
    /// Where they are, if it is a directory.
    directory: Option<Arc<std::path::Path>>,
}

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// The first and the last byte.
    Closed(u64, u64),
    From(u64),
    /// So many bytes of its end.
    Last(u64),
}

/// A file that is being read.
pub struct Content {
    /// The first byte and the one after the last.
    pub range: std::ops::Range<u64>,
    pub size: u64,
    objects: object_store::GetResult,
}

impl Content {
    /// All of it, for what is known to be small.
    pub async fn into_bytes(self) -> Result<Bytes, StoreError> {
        self.objects.bytes().await.map_err(failed)
    }

    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, StoreError>> {
        self.objects.into_stream().map(|piece| piece.map_err(failed))
    }
}

impl Store {
    /// Makes the directory if it is not there; an S3 store is not asked yet.
    pub fn open(config: &StoreConfig) -> Result<Self, String> {
        match config {
            StoreConfig::Local(path) => {
                std::fs::create_dir_all(path)
                    .map_err(|error| format!("cannot make {}: {error}", path.display()))?;
                let objects =
                    LocalFileSystem::new_with_prefix(path).map_err(|error| error.to_string())?;
                let objects = Arc::new(objects.with_automatic_cleanup(false).with_fsync(true));
                Ok(Self {
                    objects,
                    prefix: Path::default(),
                    directory: Some(path.as_path().into()),
                })
            }
            StoreConfig::S3(config) => Self::open_s3(config),
        }
    }

    fn open_s3(config: &S3Config) -> Result<Self, String> {
        outbound::install_tls();
        let timeout: Duration = STORE_TIMEOUT;
        // Not of the whole answer: a client that downloads may be slow.
        let client = ClientOptions::new()
            .with_timeout_disabled()
            .with_read_timeout(timeout)
            .with_connect_timeout(timeout)
            .with_allow_http(true);
        let retry = RetryConfig {
            max_retries: STORE_RETRIES,
            retry_timeout: timeout,
            ..RetryConfig::default()
        };
        let builder = match &config.keys {
            Some((id, secret)) => {
                AmazonS3Builder::new().with_access_key_id(id).with_secret_access_key(secret)
            }
            // Where the machine gets its role from stands in variables of its own.
            None => AmazonS3Builder::from_env(),
        };
        let mut builder = builder
            .with_bucket_name(&config.bucket)
            .with_region(&config.region)
            .with_client_options(client)
            .with_retry(retry);
        if let Some(endpoint) = &config.endpoint {
            let endpoint = endpoint.trim_end_matches('/');
            builder = builder.with_endpoint(endpoint).with_virtual_hosted_style_request(false);
        }
        let objects = builder.build().map_err(|error| error.to_string())?;
        let prefix = Path::from(config.prefix.as_str());
        Ok(Self { objects: Arc::new(objects), prefix, directory: None })
    }

    /// Spread over directories, because some file systems do not like many
    /// files in one.
    fn path(&self, id: AttachmentId, kind: &'static str) -> Path {
        let name = format!("{:016x}", id.0);
        self.prefix.clone().join(kind).join(&name[..2]).join(name.as_str())
    }

    fn file(&self, id: AttachmentId) -> Path {
        self.path(id, "files")
    }

    fn thumbnail(&self, id: AttachmentId) -> Path {
        self.path(id, "thumbnails")
    }

    /// Begins to take a file in; nothing can be read of it until it is
    /// finished.
    pub async fn begin(&self, id: AttachmentId) -> Result<Upload, StoreError> {
        let upload = self.objects.put_multipart(&self.file(id)).await.map_err(failed)?;
        Ok(Upload(Some(WriteMultipart::new(upload))))
    }

    pub async fn read(
        &self,
        id: AttachmentId,
        range: Option<ByteRange>,
    ) -> Result<Content, StoreError> {
        let range = range.map(|range| match range {
            ByteRange::Closed(first, last) => GetRange::Bounded(first..last.saturating_add(1)),
            ByteRange::From(first) => GetRange::Offset(first),
            ByteRange::Last(count) => GetRange::Suffix(count),
        });
        let options = GetOptions { range, ..GetOptions::default() };
        let objects = self.objects.get_opts(&self.file(id), options).await.map_err(unread)?;
        Ok(Content { range: objects.range.clone(), size: objects.meta.size, objects })
    }

    /// A whole file, for those that are known to be small.
    pub async fn read_all(&self, id: AttachmentId) -> Result<Bytes, StoreError> {
        let read = self.objects.get(&self.file(id)).await.map_err(failed)?;
        read.bytes().await.map_err(failed)
    }

    pub async fn put_thumbnail(&self, id: AttachmentId, bytes: Bytes) -> Result<(), StoreError> {
        self.objects.put(&self.thumbnail(id), bytes.into()).await.map_err(failed).map(drop)
    }

    pub async fn read_thumbnail(&self, id: AttachmentId) -> Result<Bytes, StoreError> {
        let read = self.objects.get(&self.thumbnail(id)).await.map_err(unread)?;
        read.bytes().await.map_err(failed)
    }

    /// Removes pieces of uploads that were cut by the end of a server, and
    /// have not been written to since a time. An S3 store has a rule for that
    /// of its own.
    pub async fn sweep_pieces(&self, before: Timestamp) {
        let Some(directory) = self.directory.clone() else { return };
        let removing = tokio::task::spawn_blocking(move || pieces::remove(&directory, before));
        match removing.await {
            Ok(Ok(0)) => {}
            Ok(Ok(count)) => log::info!("removed {count} partial files of interrupted uploads"),
            Ok(Err(error)) => {
                log::warn!("cannot remove partial files of interrupted uploads: {error}")
            }
            Err(error) => log::error!("the clean-up of partial files failed: {error}"),
        }
    }

    /// Takes a file and its thumbnail out; what is not there is gone already.
    pub async fn remove(&self, id: AttachmentId) -> Result<(), StoreError> {
        for path in [self.file(id), self.thumbnail(id)] {
            match self.objects.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }
}

/// A file on its way into the store; it leaves nothing behind unless it is
/// finished.
pub struct Upload(Option<WriteMultipart>);

impl Upload {
    /// Waits while as much as may be is on its way already.
    pub async fn write(&mut self, piece: Bytes) -> Result<(), StoreError> {
        let Some(upload) = &mut self.0 else { return Err(StoreError::Away) };
        upload.wait_for_capacity(STORE_PARTS).await.map_err(failed)?;
        upload.put(piece);
        Ok(())
    }

    pub async fn finish(mut self) -> Result<(), StoreError> {
        let Some(upload) = self.0.take() else { return Err(StoreError::Away) };
        upload.finish().await.map_err(failed).map(drop)
    }

    pub async fn abort(mut self) {
        if let Some(upload) = self.0.take() {
            take_back(upload).await;
        }
    }
}

impl Drop for Upload {
    /// Who uploads may go at any time, and nobody waits then. In an S3 store
    /// parts would lie, and cost, for ever.
    fn drop(&mut self) {
        if let (Some(upload), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(take_back(upload));
        }
    }
}

async fn take_back(upload: WriteMultipart) {
    if let Err(error) = upload.abort().await {
        log::warn!("cannot remove an aborted upload: {error}");
    }
}
