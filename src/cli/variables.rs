//! The environment variables that Parlor knows: secrets from files, and a check
//! for unknown names.

use std::{collections::BTreeMap, fs};

use clap::{Command, CommandFactory};

use super::{Cli, env_file, read::Ending};

/// Read by the logger, before the command line is.
pub const LOG_FORMAT: &str = "PARLOR_LOG_FORMAT";

/// Where the server is, for a backend that shares its environment with it.
const FOR_SDKS: &str = "PARLOR_URL";

/// No option, because whoever lists processes sees those.
pub const IMPORT_TOKEN: &str = "PARLOR_IMPORT_TOKEN";
pub const MCP_TOKEN: &str = "PARLOR_MCP_TOKEN";

/// The token for a command that asks a server.
pub fn token_from(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|token| !token.is_empty())
}

/// Every variable of an option, and whether its value is a secret.
fn known() -> BTreeMap<String, bool> {
    fn collect(command: &Command, known: &mut BTreeMap<String, bool>) {
        for arg in command.get_arguments() {
            if let Some(name) = arg.get_env().and_then(|name| name.to_str()) {
                known.insert(name.to_owned(), arg.is_hide_env_values_set());
            }
        }
        command.get_subcommands().for_each(|command| collect(command, known));
    }
    let others = [(LOG_FORMAT, false), (IMPORT_TOKEN, true), (MCP_TOKEN, true)];
    let mut known = BTreeMap::from(others.map(|(name, is_secret)| (name.to_owned(), is_secret)));
    collect(&Cli::command(), &mut known);
    known
}

/// `<NAME>_FILE` names a file that holds a secret, as Docker and Kubernetes
/// hand secrets over; what is in it becomes the value of `<NAME>`.
pub(super) fn secrets_from_files() -> Result<(), Ending> {
    let given = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    for (name, is_secret) in known() {
        let variable = format!("{name}_FILE");
        let Some(path) = is_secret.then(|| given(&variable)).flatten() else { continue };
        let refused = |why: &str, code| (format!("parlor: {variable}: {why}"), code);
        if given(&name).is_some() {
            return Err(refused(&format!("{name} is also set: set only one of them"), 2));
        }
        let text = fs::read_to_string(&path)
            .map_err(|error| refused(&format!("cannot read {path}: {error}"), 1))?;
        let value = text.trim_end_matches(['\r', '\n']);
        if value.is_empty() || value.contains(char::is_control) {
            return Err(refused(&format!("{path} must hold one line, the value of {name}"), 2));
        }
        // An empty variable counts as not set, but dotenvy would keep it.
        env_file::set(&name, value);
    }
    Ok(())
}

/// A line for each unknown variable that looks like a setting: a misspelt one would
/// silently have no effect.
pub fn unknown_variables() -> Vec<String> {
    let known = known();
    let names = std::env::vars_os().filter_map(|(name, value)| {
        Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
    });
    let unknown = names.filter(|(name, value)| is_unknown(name, value, &known));
    let mut lines: Vec<_> = unknown.map(|(name, _)| described(&name, &known)).collect();
    lines.sort();
    lines
}

fn is_unknown(name: &str, value: &str, known: &BTreeMap<String, bool>) -> bool {
    let is_file = name.strip_suffix("_FILE").is_some_and(|name| known.get(name) == Some(&true));
    name.starts_with("PARLOR_")
        && name != FOR_SDKS
        && !known.contains_key(name)
        && !is_file
        && !is_service_link(name, value)
}

/// Kubernetes sets variables for every service in each container; those of one
/// called `parlor` look like settings.
/// <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>
fn is_service_link(name: &str, value: &str) -> bool {
    name == "PARLOR_SERVICE_HOST"
        || name.starts_with("PARLOR_SERVICE_PORT")
        || name == "PARLOR_PORT" && value.contains("://")
        || name.starts_with("PARLOR_PORT_")
}

fn described(name: &str, known: &BTreeMap<String, bool>) -> String {
    /// From jaro-winkler's 0 (nothing alike) to 1 (the same).
    const ALIKE: f64 = 0.9;
    let alike = known.keys().map(|known| (strsim::jaro_winkler(name, known), known));
    match alike.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((score, known)) if score >= ALIKE => {
            format!("{name} is not a setting and has no effect; did you mean {known}?")
        }
        _ => format!("{name} is not a setting and has no effect"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_variable_is_named_with_the_one_probably_meant() {
        let known = known();
        let is_unknown = |name| is_unknown(name, "1", &known);
        assert!(is_unknown("PARLOR_ATTACHMENT_STORE"));
        assert!(is_unknown("PARLOR_BIND_FILE"), "it is no secret");
        for name in
            ["PARLOR_BIND", "PARLOR_LOG_FORMAT", "PARLOR_METRICS_TOKEN_FILE", "PARLOR_URL", "HOME"]
        {
            assert!(!is_unknown(name), "{name}");
        }
        assert!(!super::is_unknown("PARLOR_PORT", "tcp://10.0.0.1:80", &known));
        assert!(super::is_unknown("PARLOR_PORT", "80", &known));
        let line = described("PARLOR_ALLOWED_ORIGIN", &known);
        assert!(line.ends_with("did you mean PARLOR_ALLOWED_ORIGINS?"), "{line}");
        assert!(!described("PARLOR_XYZ", &known).contains("did you mean"));
    }

    #[test]
    fn every_secret_can_come_from_a_file() {
        let known = known();
        for name in [
            "JWT_SECRET",
            "JWT_SECRET_PREVIOUS",
            "DATABASE_URL",
            "REDIS_URL",
            "PARLOR_WEBHOOK_SECRET",
            "PARLOR_S3_SECRET_ACCESS_KEY",
            "PARLOR_METRICS_TOKEN",
            "AUTH_SERVICE_URL",
            "PARLOR_AUTH_SERVICE_CLIENT_SECRET",
        ] {
            assert_eq!(known.get(name), Some(&true), "{name}");
        }
    }
}
