//! `parlor export`: writes a deployment as lines of JSON, and its attachments as files.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufWriter, Write, stdout},
    path::PathBuf,
};

use futures_util::{StreamExt, pin_mut};
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;

use super::{Failure, progress::Progress};
use crate::{
    attachments::Store,
    cli::ExportArgs,
    config::{AttachmentConfig, StoreConfig},
    db,
};
use parlor_domain::{AttachmentId, archive::Line};

pub(super) fn export(args: ExportArgs) -> Result<(), Failure> {
    let store = StoreConfig::new(args.store)?;
    let attachments = AttachmentConfig::new(args.attachments, &store)?;
    let files = args.files.map(|folder| Files::new(folder, &attachments)).transpose()?;
    let mut out = BufWriter::new(stdout().lock());
    let mut written = Written::default();
    let mut text = Vec::new();
    let exported = db::export(&store.database, &args.rooms, |line, ids| {
        text.clear();
        serde_json::to_writer(&mut text, &line)?;
        text.push(b'\n');
        out.write_all(&text)?;
        written.add(&line, &text);
        if let (Some(files), Line::Message(message)) = (&files, &line) {
            for (id, attachment) in ids.iter().zip(&message.attachments) {
                files.copy(*id, attachment.place())?;
            }
        }
        Ok(())
    });
    written.progress.clear();
    exported.map_err(Failure::environment)?;
    out.flush().map_err(|error| Failure::environment(db::ExportError::from(error)))?;
    written.tell(files.is_some());
    Ok(())
}

/// What was exported so far.
#[derive(Default)]
struct Written {
    lines: u64,
    bytes: u64,
    files: usize,
    of_kinds: BTreeMap<&'static str, u64>,
    digest: Sha256,
    progress: Progress,
}

impl Written {
    fn add(&mut self, line: &Line, text: &[u8]) {
        self.digest.update(text);
        *self.of_kinds.entry(line.kind()).or_default() += 1;
        if let Line::Message(message) = line {
            self.files += message.attachments.len();
        }
        self.bytes += text.len() as u64;
        self.lines += 1;
        self.progress.at(self.bytes, self.lines);
    }

    fn tell(self, with_files: bool) {
        let Self { lines, files, of_kinds, digest, .. } = self;
        let of_kinds = of_kinds.iter().map(|(kind, count)| format!("{kind} {count}"));
        let of_kinds = of_kinds.collect::<Vec<_>>().join(", ");
        let digest: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        log::info!("exported {lines} lines ({of_kinds}), SHA-256 {digest}");
        if files > 0 && !with_files {
            log::warn!("{files} attachments are named and were not exported: use --files");
        }
    }
}

/// Where attachments come from, and where they go.
struct Files {
    store: Store,
    folder: PathBuf,
    runtime: Runtime,
}

impl Files {
    fn new(folder: PathBuf, config: &AttachmentConfig) -> Result<Self, Failure> {
        let store = Store::open(&config.store).map_err(Failure::environment)?;
        let runtime = super::runtime()?;
        fs::create_dir_all(&folder).map_err(|error| {
            Failure::environment(format!("cannot make {}: {error}", folder.display()))
        })?;
        Ok(Self { store, folder, runtime })
    }

    /// Files are called by what is in them, so one that is there is the same.
    fn copy(&self, id: AttachmentId, name: &str) -> io::Result<()> {
        let path = self.folder.join(name);
        if path.exists() {
            return Ok(());
        }
        let part = self.folder.join(format!("{name}.part"));
        let mut file = File::create(&part)?;
        self.runtime.block_on(async {
            let content = self.store.read(id, None).await.map_err(io::Error::other)?;
            let pieces = content.into_stream();
            pin_mut!(pieces);
            while let Some(piece) = pieces.next().await {
                file.write_all(&piece.map_err(io::Error::other)?)?;
            }
            io::Result::Ok(())
        })?;
        file.sync_all()?;
        fs::rename(part, path)
    }
}
