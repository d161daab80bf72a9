//! `parlor mcp`: rooms as the tools of an assistant, by the Model Context Protocol
//! (<https://modelcontextprotocol.io>) over standard input and output. It speaks as the
//! user whose token it has, through the REST interface, and may do what that user may.

mod asking;
mod assistant;
mod news;
mod speaker;
mod told;
mod tools;
mod unsettled;

use rmcp::{ServiceExt, transport::stdio};
use tokio::time::timeout;

use super::{
    Failure,
    remote::{Effort, Failed, Server},
    runtime,
};
use crate::cli::{MCP_TOKEN, McpArgs};
use assistant::Assistant;
use parlor_domain::limits::{
    ASSISTANT_PATIENCE, ASSISTANT_START, ASSISTANT_TIMEOUT, ASSISTANT_TRIES,
};
use speaker::Speaker;

const EFFORT: Effort =
    Effort { timeout: ASSISTANT_TIMEOUT, tries: ASSISTANT_TRIES, patience: ASSISTANT_PATIENCE };

/// Serves an assistant until it goes.
pub(super) fn mcp(McpArgs { url, read_only }: McpArgs) -> Result<(), Failure> {
    let server = Server::named(&url, MCP_TOKEN, EFFORT)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let speaker = Speaker::of(server);
        // A server that is away now may be there later, and a program that starts an
        // assistant may not start it again.
        if let Ok(Err(failed @ Failed::Refused(_))) = timeout(ASSISTANT_START, speaker.me()).await {
            return Err(Failure::environment(format!("{url}: {}", failed.shown())));
        }
        let running = Assistant::new(speaker, read_only).serve(stdio()).await;
        running.map_err(Failure::environment)?.waiting().await.map_err(Failure::environment)
    })?;
    // Reading standard input cannot be stopped.
    runtime.shutdown_background();
    Ok(())
}
