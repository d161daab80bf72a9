//! `parlor mcp`: an assistant over standard input and output, for the user whose token it
//! has.

use rmcp::{ServiceExt, transport::stdio};
use tokio::time::timeout;

use super::{Failure, runtime, server_at};
use crate::{
    assistants::{Assistant, EFFORT, Speaker},
    cli::{MCP_TOKEN, McpArgs},
    remote::Failed,
};
use parlor_domain::limits::ASSISTANT_START;

/// Serves an assistant until it goes.
pub(super) fn mcp(McpArgs { url, read_only }: McpArgs) -> Result<(), Failure> {
    let server = server_at(&url, MCP_TOKEN, EFFORT)?;
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
