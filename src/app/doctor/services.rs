//! What a server stands on: its database, Redis, the store of the attachments, the collector
//! of its traces, and push services.

use std::time::Duration;

use tokio::time::timeout;

use super::findings::Findings;
use crate::{
    attachments::{Store, StoreConfig},
    clock,
    config::Config,
    db::{self, CopyError},
    nodes, outbound,
};
use parlor_domain::limits::LOOK_TIMEOUT;

/// The oldest with channels that are spread over its servers.
const REDIS_VERSION: u32 = 7;
/// Each host of a PostgreSQL has its part of the time for connecting, before this one.
const DATABASE: Duration = LOOK_TIMEOUT;

pub(super) async fn look(config: &Config, found: &mut Findings) {
    database(config, found).await;
    redis(config, found).await;
    store(config, found).await;
    collector(config, found).await;
    push(config, found).await;
}

async fn push(config: &Config, found: &mut Findings) {
    for (service, known) in config.push.examine(clock::now()).await {
        match known {
            Ok(()) => found.right(format!("{service} knows this server")),
            Err(why) => found.wrong(
                format!("{service} cannot be used: {why}"),
                "are its key and ids those of the application, and is it reached from here? \
                 \"Push services\" in docs/OPERATIONS.md",
            ),
        }
    }
}

/// A request without a span, which a collector takes.
async fn collector(config: &Config, found: &mut Findings) {
    let Some(traces) = &config.traces else { return };
    for line in &traces.unknown {
        found.doubtful(line.clone(), "see \"Traces\" in docs/OPERATIONS.md");
    }
    let client = outbound::client(LOOK_TIMEOUT);
    let mut request = client.post(&traces.url).header("content-type", "application/x-protobuf");
    for (name, value) in &traces.headers {
        request = request.header(name, value);
    }
    let url = &traces.url;
    match request.body(Vec::new()).send().await {
        Ok(answer) if answer.status().is_success() => {
            found.right(format!("traces can be sent to {url}"));
        }
        Ok(answer) => found.doubtful(
            format!("traces cannot be sent: {url} answers {}", answer.status()),
            "is it a collector's receiver for OTLP over HTTP, and are the headers right?",
        ),
        Err(error) => found.doubtful(
            format!("traces cannot be sent to {url}: {}", outbound::cause(error)),
            "is the collector running, and OTEL_EXPORTER_OTLP_ENDPOINT its port for HTTP (4318)?",
        ),
    }
}

async fn database(config: &Config, found: &mut Findings) {
    let url = config.store.database.clone();
    if url.file().is_some_and(|path| !path.exists()) {
        return found.right(format!("the first start makes the database {url}"));
    }
    let looked = url.clone();
    // Its connections block.
    let looking = tokio::task::spawn_blocking(move || db::check_migrated(&looked));
    let checked = match timeout(DATABASE, looking).await {
        Ok(Ok(checked)) => checked,
        _ => {
            return found.wrong(
                format!("the database {url} does not answer within {DATABASE:?}"),
                "is it running, and is it reached from this machine?",
            );
        }
    };
    match checked {
        Ok(product) => {
            found.right(format!("the database {url} can be used, and is up to date ({product})"))
        }
        Err(CopyError::Older { .. }) => found.doubtful(
            format!("the database {url} is of a version before"),
            "the next start brings it up to date, or parlor migrate; take a backup first",
        ),
        Err(CopyError::Newer { version, .. }) => found.wrong(
            format!("the database {url} is of a later version (migration {version})"),
            "run that version, or restore the backup from before the upgrade",
        ),
        Err(CopyError::NoParlor { .. }) => found.doubtful(
            format!("the database {url} has no tables of Parlor's yet"),
            "the first start makes them; if there were some, DATABASE_URL names another database",
        ),
        Err(error) => found.wrong(
            error.to_string(),
            "is it running, and are host, user, password and sslmode in DATABASE_URL right?",
        ),
    }
}

async fn redis(config: &Config, found: &mut Findings) {
    let services = config.nodes.services.as_ref();
    let url = config.nodes.redis.as_ref().or(services.map(|services| &services.redis));
    let Some(url) = url else {
        if config.store.database.file().is_none() {
            found.right("there is no Redis: nodes hear of each other by PARLOR_FEED_INTERVAL");
        }
        return;
    };
    let advice = "is it running, and is REDIS_URL right? Meanwhile nodes hear of each other later";
    let examined = match timeout(LOOK_TIMEOUT, nodes::examine(url)).await {
        Ok(Ok(examined)) => examined,
        Ok(Err(why)) => return found.wrong(format!("{url:?} cannot be reached: {why}"), advice),
        Err(_) => {
            let what = format!("{url:?} does not answer within {LOOK_TIMEOUT:?}");
            return found.wrong(what, advice);
        }
    };
    let version = &examined.version;
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= REDIS_VERSION => {
            found.right(format!("{url:?} answers: version {version}"));
        }
        _ => found.wrong(
            format!("{url:?} is of version {version:?}"),
            format!("Parlor needs version {REDIS_VERSION} or later, or Valkey"),
        ),
    }
    let has_stream = services.is_some_and(|services| services.stream.is_some());
    if has_stream && !examined.keeps {
        found.doubtful(
            "Redis forgets the events of PARLOR_SERVICE_STREAM that wait when it restarts",
            "appendonly yes",
        );
    }
}

async fn store(config: &Config, found: &mut Findings) {
    let StoreConfig::S3(s3) = &config.attachments.store else { return };
    let bucket = &s3.bucket;
    let probed = async { Store::open(&config.attachments.store)?.probe().await };
    let why = match timeout(LOOK_TIMEOUT * 2, probed).await {
        Ok(Ok(())) => {
            return found.right(format!("files can be written to the bucket {bucket} and read"));
        }
        Ok(Err(why)) => why,
        Err(_) => "no answer in time".to_owned(),
    };
    found.wrong(
        format!("the bucket {bucket} cannot be used: {why}"),
        "look at PARLOR_ATTACHMENTS_URL, PARLOR_S3_ENDPOINT, the region and the keys, which need \
         the rights to get, put, delete and list",
    );
}
