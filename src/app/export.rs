//! `parlor export`: writes a deployment as lines of JSON.

use std::{
    collections::BTreeMap,
    io::{BufWriter, Write, stdout},
};

use sha2::{Digest, Sha256};

use super::{Failure, progress::Progress};
use crate::{cli::ExportArgs, config::StoreConfig, db};

pub(super) fn export(args: ExportArgs) -> Result<(), Failure> {
    let store = StoreConfig::new(args.store)?;
    let mut out = BufWriter::new(stdout().lock());
    let mut progress = Progress::new(None);
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    let (mut digest, mut bytes, mut lines) = (Sha256::new(), 0, 0);
    let mut text = Vec::new();
    let exported = db::export(&store.database, &args.rooms, |line| {
        text.clear();
        serde_json::to_writer(&mut text, &line)?;
        text.push(b'\n');
        digest.update(&text);
        out.write_all(&text)?;
        *counts.entry(line.kind()).or_default() += 1;
        bytes += text.len() as u64;
        lines += 1;
        progress.at(bytes, lines);
        Ok(())
    });
    progress.clear();
    exported.map_err(Failure::environment)?;
    out.flush().map_err(|error| Failure::environment(db::ExportError::from(error)))?;
    let of_kinds = counts.iter().map(|(kind, count)| format!("{kind} {count}"));
    let of_kinds = of_kinds.collect::<Vec<_>>().join(", ");
    let digest: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    log::info!("exported {lines} lines ({of_kinds}), SHA-256 {digest}");
    Ok(())
}
