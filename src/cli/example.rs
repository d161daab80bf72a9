//! `.env.example`, made from the options.

use std::fmt::Write;

use clap::{Arg, CommandFactory};

use super::Cli;

const HEAD: &str = "\
# Every option of `parlor serve`. Settings shown here have their default value;
# those commented out are unset by default and show an example. Copy this file to
# `.env`, or set the variables in the environment; each is also a command-line
# option (`parlor --help`). Durations are a number and a unit: ms, s, m, h, d.
# Values are taken literally ($ and \\ too); ` #` starts a comment. A secret may be
# kept in a file instead, named by <NAME>_FILE, such as JWT_SECRET_FILE.

# Log level: error, warn, info, debug, trace; per module with name=level.
RUST_LOG=warn,parlor=info
# Log format: text or json.
PARLOR_LOG_FORMAT=text
";

fn example() -> String {
    let command = Cli::command();
    let copy = command.find_subcommand("copy").expect("it is one");
    let of_copy = Some("`parlor copy` only (docs/COPYING.md)");
    let serve = command.get_arguments().map(|arg| (arg, arg.get_help_heading()));
    let all = serve.chain(copy.get_arguments().map(|arg| (arg, of_copy)));
    let mut text = HEAD.to_owned();
    let mut section = Some("");
    for (arg, heading) in all {
        let Some(variable) = arg.get_env().and_then(|name| name.to_str()) else { continue };
        if section != heading {
            section = heading;
            let _ =
                write!(text, "\n{}", heading.map_or(String::new(), |it| format!("# {it}:\n\n")));
        }
        let help = arg.get_long_help().or(arg.get_help()).expect("it says what it is").to_string();
        let defaults = arg.get_default_values().iter().map(|value| value.to_string_lossy());
        let default = defaults.collect::<Vec<_>>().join(",");
        let _ = if default.is_empty() {
            let (help, example) = apart(&help, arg);
            writeln!(text, "{}#{variable}={example}", comment(help))
        } else {
            writeln!(text, "{}{variable}={default}", comment(&help))
        };
    }
    text
}

/// What is said of an option that is unset by default, and its example: the first
/// of its values if they are known, or what a sentence ends with.
fn apart<'a>(help: &'a str, arg: &Arg) -> (&'a str, String) {
    if let Some(value) = arg.get_possible_values().first() {
        return (help, value.get_name().to_owned());
    }
    let shown = help.rsplit_once("such as `").and_then(|(before, rest)| {
        Some((before.trim_end_matches([',', ';', ' ']), rest.strip_suffix('`')?))
    });
    shown.map_or((help, String::new()), |(before, example)| (before, example.to_owned()))
}

fn comment(help: &str) -> String {
    const COLUMNS: usize = 80;
    let (mut lines, mut line) = (String::new(), "#".to_owned());
    let end = if help.ends_with('.') { "" } else { "." };
    for word in format!("{}{end}", help.replace('`', "")).split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > COLUMNS {
            lines += &(std::mem::replace(&mut line, "#".to_owned()) + "\n");
        }
        line += &format!(" {word}");
    }
    lines + &line + "\n"
}

#[test]
fn the_example_is_what_the_options_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example");
    let made = example();
    if std::fs::read_to_string(path).is_ok_and(|text| text == made) {
        return;
    }
    std::fs::write(path, made).expect("it can be written");
    panic!(".env.example was not what the options say: it has been renewed, commit it");
}
