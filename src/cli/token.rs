//! The options of `parlor token`.

use std::time::Duration;

use clap::Args;

use crate::config::{ClaimArgs, StoreArgs, parse_duration};
use parlor_domain::{
    ADMIN, SERVICE, Scope, display_text,
    limits::{NAME_CHARS, TOKEN_AGE_MAX},
};

#[derive(Args, Debug)]
pub struct TokenArgs {
    #[command(flatten)]
    pub store: StoreArgs,
    /// The user's id
    #[arg(long)]
    pub user: String,
    /// The user's display name
    #[arg(long, value_parser = parse_name)]
    pub name: Option<String>,
    /// A role: `admin`, `service`, or a scope such as `scope:users`; may be repeated
    #[arg(long, value_parser = parse_role)]
    pub role: Vec<String>,
    /// Role context whose events the user receives
    #[arg(long)]
    pub role_context: Option<String>,
    /// Lifetime of the token
    #[arg(long, default_value = "24h", value_parser = parse_ttl)]
    pub ttl: Duration,
    #[command(flatten)]
    pub claims: ClaimArgs,
}

/// A token is valid for no longer, whatever it says.
fn parse_ttl(text: &str) -> Result<Duration, String> {
    let days = TOKEN_AGE_MAX.as_secs() / 86_400;
    let ttl = parse_duration(text)?;
    if ttl > TOKEN_AGE_MAX { Err(format!("a token is valid for {days}d at most")) } else { Ok(ttl) }
}

/// Those that mean something to the server: any other would be a slip.
fn parse_role(text: &str) -> Result<String, String> {
    let is_known = text == ADMIN || text == SERVICE || Scope::of_role(text).is_some();
    let what = || "it must be admin, service, or a scope such as scope:users".to_owned();
    is_known.then(|| text.to_owned()).ok_or_else(what)
}

/// A name as the server takes it, too.
fn parse_name(text: &str) -> Result<String, String> {
    let what = || format!("a name must have 1 to {NAME_CHARS} visible characters");
    display_text(text, NAME_CHARS).ok().filter(|name| !name.is_empty()).ok_or_else(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_the_server_takes() {
        assert_eq!(parse_name("Ann Ä."), Ok("Ann Ä.".to_owned()));
        for bad in ["", "\u{200b}", "a\nb", &"x".repeat(101)] {
            assert!(parse_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_role_is_one_that_the_server_knows() {
        for role in ["admin", "service", "scope:users"] {
            assert_eq!(parse_role(role), Ok(role.to_owned()));
        }
        for bad in ["amdin", "", "scope:", "scope:all", "Admin"] {
            assert!(parse_role(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_lifetime_of_a_token_has_a_limit() {
        assert!(parse_ttl("400d").is_ok());
        assert!(parse_ttl("401d").is_err());
    }
}
