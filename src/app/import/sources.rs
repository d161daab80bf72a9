//! Where the attachments that an import names are read from: a folder, or what others
//! serve.

use std::{env, io, path::PathBuf};

use bytes::Bytes;
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
};

use crate::outbound;
use parlor_domain::{
    archive,
    limits::{FILE_DOWNLOAD_TIMEOUT, FILE_DOWNLOAD_TRIES, REMOTE_AGAIN},
};

/// Bytes of a file that are read at once.
const PIECE: usize = 64 * 1024;

/// Why a message is imported without a file: a code, and what continues a sentence that
/// begins with its place.
#[derive(Clone, Debug)]
pub(super) struct LeftOut {
    pub code: &'static str,
    pub why: String,
}

impl LeftOut {
    pub fn new(code: &'static str, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }

    fn unread(error: io::Error) -> Self {
        Self::new("unreadable_file", format!("cannot be read: {error}"))
    }

    fn undone(error: reqwest::Error) -> Self {
        let why = format!("cannot be downloaded: {}", outbound::cause(error));
        Self::new("unreadable_file", why)
    }

    /// As a report tells it.
    pub fn shown(&self, of: &archive::Attachment) -> String {
        // What is behind it in a URL may be a signature.
        let place = of.place().split('?').next().unwrap_or_default();
        format!("message.attachments: {place} {}", self.why)
    }
}

/// Where they all come from.
pub(super) struct Sources {
    folder: PathBuf,
    client: reqwest::Client,
    may_be_private: bool,
    /// Bytes of a file at most.
    bytes_max: u64,
}

impl Sources {
    /// They are below a folder, or at a URL, which may be a private one only if that is
    /// said.
    pub fn new(folder: PathBuf, may_be_private: bool, bytes_max: u64) -> Self {
        let client = outbound::client_for_others(FILE_DOWNLOAD_TIMEOUT, may_be_private);
        Self { folder, client, may_be_private, bytes_max }
    }

    pub async fn open(&self, of: &archive::Attachment) -> Result<Source, LeftOut> {
        if let Some(url) = &of.url {
            return self.download(&url.0).await;
        }
        let Some(file) = &of.file else {
            let what = "is one of a running server's: such a file goes there with --url";
            return Err(LeftOut::new("unreadable_file", what));
        };
        let file = File::open(self.folder.join(&*file.0)).await.map_err(LeftOut::unread)?;
        let found = file.metadata().await.map_err(LeftOut::unread)?;
        if !found.is_file() {
            return Err(LeftOut::new("unreadable_file", "is no file"));
        }
        self.check_size(found.len())?;
        Ok(Source::File(file))
    }

    async fn download(&self, url: &str) -> Result<Source, LeftOut> {
        let no_url = |error| LeftOut::new("unreadable_file", format!("is no URL: {error}"));
        let url = reqwest::Url::parse(url).map_err(no_url)?;
        if !self.may_be_private && outbound::names_private_address(&url) {
            return Err(LeftOut::new("private_url", "is a private address"));
        }
        let answer = self.asked(url).await.map_err(LeftOut::undone)?;
        if answer.status() != reqwest::StatusCode::OK {
            let why = format!("was answered with {}", answer.status().as_u16());
            return Err(LeftOut::new("unreadable_file", why));
        }
        self.check_size(answer.content_length().unwrap_or(0))?;
        Ok(Source::Answer(answer))
    }

    /// Some times, if whoever has it cannot answer just then.
    async fn asked(&self, url: reqwest::Url) -> Result<reqwest::Response, reqwest::Error> {
        let (mut tries, mut wait) = (1, REMOTE_AGAIN);
        loop {
            let answer = self.client.get(url.clone()).send().await;
            let is_for_now = answer.as_ref().map_or(true, |answer| {
                let status = answer.status();
                status == reqwest::StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
            });
            if !is_for_now || tries >= FILE_DOWNLOAD_TRIES {
                return answer;
            }
            tokio::time::sleep(wait).await;
            (tries, wait) = (tries + 1, wait * 2);
        }
    }

    pub fn check_size(&self, bytes: u64) -> Result<(), LeftOut> {
        let most = self.bytes_max;
        match bytes > most {
            true => Err(LeftOut::new("too_large", format!("has more than {most} bytes"))),
            false => Ok(()),
        }
    }
}

/// Why a file is not on this machine.
pub(super) enum NotHere {
    LeftOut(LeftOut),
    /// This machine has no place for it, and so for no other.
    NoPlace(io::Error),
}

impl From<LeftOut> for NotHere {
    fn from(left_out: LeftOut) -> Self {
        Self::LeftOut(left_out)
    }
}

impl From<io::Error> for NotHere {
    fn from(error: io::Error) -> Self {
        Self::NoPlace(error)
    }
}

/// A file without a name, which is gone when it is closed.
async fn nameless() -> io::Result<File> {
    let path = env::temp_dir().join(format!("parlor-{:016x}", rand::random::<u64>()));
    let mut options = File::options();
    let file = options.read(true).write(true).create_new(true).open(&path).await?;
    tokio::fs::remove_file(&path).await?;
    Ok(file)
}

/// Where the bytes of one come from.
pub(super) enum Source {
    File(File),
    Answer(reqwest::Response),
}

impl Source {
    /// Some more bytes; none at the end.
    pub async fn next(&mut self) -> Result<Bytes, LeftOut> {
        match self {
            Self::File(file) => {
                let mut piece = Vec::with_capacity(PIECE);
                file.take(PIECE as u64).read_to_end(&mut piece).await.map_err(LeftOut::unread)?;
                Ok(piece.into())
            }
            Self::Answer(answer) => loop {
                match answer.chunk().await.map_err(LeftOut::undone)? {
                    None => return Ok(Bytes::new()),
                    Some(piece) if piece.is_empty() => {}
                    Some(piece) => return Ok(piece),
                }
            },
        }
    }

    /// On this machine, so that whoever serves it waits for nobody else.
    pub async fn here(mut self, sources: &Sources) -> Result<Self, NotHere> {
        if matches!(self, Self::File(_)) {
            return Ok(self);
        }
        let mut file = nameless().await?;
        let mut bytes = 0;
        loop {
            let piece = self.next().await?;
            if piece.is_empty() {
                break;
            }
            bytes += piece.len() as u64;
            sources.check_size(bytes)?;
            file.write_all(&piece).await?;
        }
        file.flush().await?;
        file.rewind().await?;
        Ok(Self::File(file))
    }

    /// At least so many bytes, if there are as many. An empty file is left out.
    pub async fn head(&mut self, bytes: usize) -> Result<Vec<u8>, LeftOut> {
        let mut head = Vec::with_capacity(bytes);
        while head.len() < bytes {
            match self.next().await? {
                piece if piece.is_empty() => break,
                piece => head.extend_from_slice(&piece),
            }
        }
        match head.is_empty() {
            true => Err(LeftOut::new("unreadable_file", "is empty")),
            false => Ok(head),
        }
    }
}

/// What people see of a file.
pub(super) fn name_of(of: &archive::Attachment) -> &str {
    let path = of.place().split(['?', '#']).next().unwrap_or_default();
    of.name.as_ref().map_or(path, |name| &*name.0)
}
