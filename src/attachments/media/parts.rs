//! A file that is read in parts: no more of them than it may have.

use std::future::Future;

use bytes::Bytes;

use crate::attachments::StoreError;
use parlor_domain::limits::{MEDIA_READ_BYTES, MEDIA_READS};

/// Where a file is read from.
pub(super) trait Source {
    /// The bytes from the first to the last one, which are in the file.
    fn read(&self, first: u64, last: u64) -> impl Future<Output = Result<Bytes, StoreError>>;
}

pub(super) struct Parts<S> {
    source: S,
    size: u64,
    /// Reads that are left.
    left: usize,
    /// What was read last, and where it begins: headers lie close to each other.
    held: (u64, Bytes),
    failure: Option<StoreError>,
}

impl<S: Source> Parts<S> {
    pub fn new(source: S, size: u64) -> Self {
        Self { source, size, left: MEDIA_READS, held: (0, Bytes::new()), failure: None }
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What went wrong below the file itself.
    pub fn failure(&self) -> Option<StoreError> {
        self.failure
    }

    /// So many bytes from a place, or those up to the end of the file; `None` behind it, and
    /// when enough was read.
    pub async fn some(&mut self, from: u64, length: usize) -> Option<Bytes> {
        let length = length.min(MEDIA_READ_BYTES) as u64;
        let end = from.checked_add(length)?.min(self.size);
        if from >= end {
            return None;
        }
        if let Some(held) = self.held(from, end) {
            return Some(held);
        }
        self.left = self.left.checked_sub(1)?;
        let last = from.saturating_add(MEDIA_READ_BYTES as u64).min(self.size) - 1;
        match self.source.read(from, last).await {
            Ok(bytes) => self.held = (from, bytes),
            Err(error) => {
                self.failure = Some(error);
                return None;
            }
        }
        self.held(from, end)
    }

    /// Exactly so many bytes.
    pub async fn exactly(&mut self, from: u64, length: usize) -> Option<Bytes> {
        self.some(from, length).await.filter(|bytes| bytes.len() == length)
    }

    fn held(&self, from: u64, end: u64) -> Option<Bytes> {
        let (start, bytes) = &self.held;
        let first = usize::try_from(from.checked_sub(*start)?).ok()?;
        let last = usize::try_from(end.checked_sub(*start)?).ok()?;
        (first <= last && last <= bytes.len()).then(|| bytes.slice(first..last))
    }
}

/// A number at a place of some bytes, the first byte the highest; `None` outside of them.
pub(super) fn number<const BYTES: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(BYTES)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The same with the first byte the lowest.
pub(super) fn number_le<const BYTES: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(BYTES)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
