//! From the environment and the command line to a [`Cli`].
//!
//! clap explains a mistake over several lines; supervisors (systemd, a
//! container) show one. So an error is one line that names what is wrong.

use std::{
    error::Error,
    ffi::{OsStr, OsString},
};

use clap::{
    ArgMatches, Command, CommandFactory, FromArgMatches, Id,
    builder::Resettable,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};

use super::Cli;
use crate::config::{ServeArgs, with_variable};

/// What to print, and the exit code.
pub(super) type Ending = (String, u8);

pub(super) fn command_line(args: impl IntoIterator<Item = OsString>) -> Result<Cli, Ending> {
    let mut command = prepared(Cli::command());
    let matches = command.try_get_matches_from_mut(args);
    let cli = matches.and_then(|matches| assemble(matches, &mut command));
    cli.map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => (error.to_string(), 0),
        _ => (one_line(&error, &command), 2),
    })
}

/// An option whose variable is set to nothing counts as not set, as `.env`
/// files and compose files have it; and a value such as `-1` is taken for one, so
/// that the error is about it.
fn prepared(command: Command) -> Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    command
        .mut_args(|arg| {
            let takes_value = arg.get_action().takes_values();
            let arg = if takes_value { arg.allow_negative_numbers(true) } else { arg };
            let unset = arg.get_env().is_some_and(is_empty);
            if unset { arg.env(Resettable::Reset) } else { arg }
        })
        .mut_subcommands(prepared)
}

/// `serve` is also what happens without the word, so its options may stand on
/// both sides of it. Before another subcommand they would do nothing.
fn assemble(mut matches: ArgMatches, command: &mut Command) -> Result<Cli, clap::Error> {
    let Some(name) = matches.subcommand_name().map(str::to_owned) else {
        return Cli::from_arg_matches_mut(&mut matches);
    };
    if name != "serve" {
        let early = command.get_arguments().find(|arg| is_given(&matches, arg.get_id()));
        if let Some(option) = early.and_then(clap::Arg::get_long) {
            let message = format!("--{option} must come after the word {name}");
            return Err(command.error(ErrorKind::ArgumentConflict, message));
        }
        return Cli::from_arg_matches_mut(&mut matches);
    }
    let mut after = matches.remove_subcommand().map(|(_, after)| after).unwrap_or_default();
    // What was said before the word is stronger than a default after it.
    let ids: Vec<Id> = after.ids().filter(|id| !is_given(&after, id)).cloned().collect();
    for id in ids {
        let _ = after.try_clear_id(id.as_str());
    }
    let mut serve = ServeArgs::from_arg_matches_mut(&mut matches)?;
    serve.update_from_arg_matches_mut(&mut after)?;
    Ok(Cli { command: None, serve })
}

fn is_given(matches: &ArgMatches, id: &Id) -> bool {
    matches.try_contains_id(id.as_str()).is_ok()
        && matches.value_source(id.as_str()) == Some(ValueSource::CommandLine)
}

fn one_line(error: &clap::Error, command: &Command) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let option = context(ContextKind::InvalidArg).map(|shown| {
        // `--bind <BIND>` is shown.
        with_variable(command, shown.split_whitespace().next().unwrap_or(shown))
    });
    let line = match (option, context(ContextKind::InvalidValue), error.source()) {
        (Some(option), Some(value), Some(why)) => {
            format!("{option}: {:?} is not valid: {why}", shortened(value))
        }
        (Some(option), Some(value), None) if error.kind() == ErrorKind::InvalidValue => {
            let allowed = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(values)) => values.join(" or "),
                _ => "another value".to_owned(),
            };
            format!("{option}: {:?} is not valid: it must be {allowed}", shortened(value))
        }
        _ => first_paragraph(&error.to_string()),
    };
    format!("parlor: {line}")
}

fn shortened(value: &str) -> String {
    const CHARS_MAX: usize = 60;
    let mut short: String = value.chars().take(CHARS_MAX).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    short
}

/// Of clap's text, without its tips.
fn first_paragraph(text: &str) -> String {
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let joined = lines.collect::<Vec<_>>().join(" ");
    joined.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(args: &[&str]) -> Result<Cli, Ending> {
        let args = std::iter::once("parlor").chain(args.iter().copied());
        command_line(args.map(OsString::from))
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_options_of_serve_may_stand_on_both_sides_of_the_word() {
        for args in [
            &["--bind", "127.0.0.1:1", "--workers", "3"][..],
            &["serve", "--bind", "127.0.0.1:1", "--workers", "3"],
            &["--bind", "127.0.0.1:1", "serve", "--workers", "3"],
            &["--bind", "127.0.0.1:1", "--workers=3", "serve"],
            &["--bind", "127.0.0.1:9", "--workers=3", "serve", "--bind", "127.0.0.1:1"],
        ] {
            let cli = read(args).expect("good");
            assert!(cli.command.is_none(), "{args:?}");
            assert_eq!((cli.serve.bind.port, cli.serve.workers), (1, Some(3)), "{args:?}");
        }
        let early = ["--data-dir", "here", "serve", "--queued-frames", "7"];
        let serve = read(&early).expect("good").serve;
        assert_eq!(serve.store.data_dir, Path::new("here"));
        assert_eq!(serve.limits.limits.queued_frames, 7);
    }

    #[test]
    fn an_option_that_would_do_nothing_is_refused() {
        for args in
            [&["--data-dir", "x", "migrate"][..], &["--workers", "2", "token", "--user", "ann"]]
        {
            let (line, code) = read(args).expect_err("refused");
            assert!(line.contains(args[0]) && !line.contains('\n'), "{line}");
            assert_eq!(code, 2);
        }
        assert!(read(&["migrate", "--data-dir", "x"]).is_ok());
    }

    #[test]
    fn a_bad_option_or_value_is_named_in_one_line() {
        for (args, named) in [
            (&["--nope"][..], "--nope"),
            (&["--bind", "here"], "--bind (PARLOR_BIND): \"here\""),
            (&["--bind", "a\n\nb"], "--bind (PARLOR_BIND): \"a\\n\\nb\""),
            (&["--bind"], "--bind"),
            (&["serve", "--heartbeat-interval", "54"], "--heartbeat-interval"),
            (&["--queued-frames", "-1"], "--queued-frames"),
            (&["--queued-frames=0"], "--queued-frames (PARLOR_QUEUED_FRAMES)"),
            (
                &["--compression", "yes"],
                "--compression (PARLOR_COMPRESSION): \"yes\" is not valid: it must be on or off",
            ),
            (
                &["--attachment-bytes", "25MB"],
                "--attachment-bytes (PARLOR_ATTACHMENT_BYTES): \"25MB\" is not valid: it must be a whole number of bytes",
            ),
            (&["token"], "--user"),
            (&["token", "--user", "ann", "--ttl", "soon"], "--ttl"),
            (&["token", "--user", "ann", "--name", ""], "--name"),
            (&["token", "--user", "ann", "--role", "amdin"], "--role"),
            (&["token", "--user", "ann", "--ttl", "401d"], "--ttl"),
            (&["copy", "--to", "sqlite:b"], "--from"),
            (&["dance"], "dance"),
        ] {
            let (line, code) = read(args).expect_err("refused");
            assert!(line.contains(named) && !line.contains('\n'), "{line}");
            assert_eq!(code, 2);
        }
    }

    #[test]
    fn help_shows_no_secret() {
        let help = Cli::command().render_long_help().to_string();
        let secrets = ["JWT_SECRET=", "DATABASE_URL=", "REDIS_URL="];
        assert!(secrets.iter().all(|secret| !help.contains(secret)), "{help}");
    }
}
