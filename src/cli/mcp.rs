//! The options of `parlor mcp`.

use clap::Args;

#[derive(Args, Debug)]
pub struct McpArgs {
    /// The server; the token of whom the assistant speaks for is taken from
    /// PARLOR_MCP_TOKEN, or from the file that PARLOR_MCP_TOKEN_FILE names
    #[arg(long, value_name = "URL")]
    pub url: String,
    /// Only read: nothing can be sent, reacted to or marked as read
    #[arg(long)]
    pub read_only: bool,
}
