//! The command line. Every option is also an environment variable, and a
//! `.env` file in the working directory is read first.

#![expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]

mod backup;
mod copy;
mod dev;
mod doctor;
mod env_file;
#[cfg(test)]
mod example;
mod mcp;
mod moving;
mod read;
mod token;
mod variables;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

pub use self::{
    backup::BackupArgs,
    copy::CopyArgs,
    dev::DevArgs,
    doctor::DoctorArgs,
    mcp::McpArgs,
    moving::{ExportArgs, ImportArgs},
    token::TokenArgs,
    variables::{IMPORT_TOKEN, LOG_FORMAT, MCP_TOKEN, token_from, unknown_variables},
};
use crate::config::{ServeArgs, StoreArgs};

/// A self-hosted chat backend for your own application
#[derive(Parser, Debug)]
#[command(name = "parlor", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: ServeArgs,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run the server (the default)
    Serve(Box<ServeArgs>),
    /// Run a server to try out, on this machine only, with two users who can talk to
    /// each other; nothing of it is kept
    Dev(Box<DevArgs>),
    /// Find out why something does not work: look at a server as its clients do, or at
    /// what it needs on this machine
    Doctor(Box<DoctorArgs>),
    /// Apply pending database migrations and exit
    Migrate(StoreArgs),
    /// Copy the embedded database and its attachments into a folder, also while the
    /// server runs
    Backup(Box<BackupArgs>),
    /// Write the embedded database anew without what is free in it, while no server runs
    Compact(StoreArgs),
    /// Copy a whole deployment into another database
    Copy(CopyArgs),
    /// Write users, rooms and messages to standard output, as lines of JSON
    Export(Box<ExportArgs>),
    /// Import users, rooms and messages from lines of JSON, while no server runs or, with
    /// --url, into one that does
    Import(Box<ImportArgs>),
    /// Let an assistant read and write in rooms as the user whose token it has, by the Model
    /// Context Protocol over standard input and output
    Mcp(McpArgs),
    /// Make all clients reload everything; needed after a restore that the
    /// server cannot detect, such as a snapshot of the whole machine
    NewEpoch(StoreArgs),
    /// Create an access token and print it
    Token(Box<TokenArgs>),
    /// Print what makes a shell complete the commands and options
    Completions { shell: Shell },
    /// Print the manual page
    Man,
}

impl Cli {
    /// The script for a shell.
    pub fn completions(shell: Shell) -> String {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Self::command(), "parlor", &mut script);
        String::from_utf8_lossy(&script).into_owned()
    }

    /// The manual page, in roff.
    pub fn manual() -> String {
        let mut page = Vec::new();
        // A vector takes all that is written to it.
        let _ = clap_mangen::Man::new(Self::command()).render(&mut page);
        String::from_utf8_lossy(&page).into_owned()
    }

    /// Reads `.env`, the environment, the secret files and the command line.
    /// `Err` holds what to print and the exit code.
    pub fn read() -> Result<Self, (String, u8)> {
        env_file::load(".env".as_ref())?;
        variables::secrets_from_files()?;
        read::command_line(std::env::args_os())
    }
}
