//! What the application is asked, and where.

use std::{sync::Arc, time::Duration};

use clap::Args;

use super::{ConfigError, parse_duration, set};
use crate::{
    callbacks::{AccessConfig, BeforeSendConfig, CallbackConfig, CallbacksConfig, OnFailure},
    webhooks::Secrets,
};
use parlor_domain::limits::CALLBACK_TIMEOUT_MAX;

#[derive(Args, Debug)]
#[command(next_help_heading = "Questions to the application (docs/CALLBACKS.md)")]
pub struct CallbackArgs {
    /// Secret that signs the questions as webhooks are, `whsec_…` or a text of at
    /// least 24 bytes; several, separated by commas, while it is being rotated; such
    /// as `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`
    #[arg(long, env = "PARLOR_CALLBACK_SECRET", value_delimiter = ',', hide_env_values = true)]
    pub callback_secret: Vec<String>,
    /// URL that is asked whether a user may read in a room that they are no member of,
    /// or join it; by default, nobody is asked; such as
    /// `https://app.example.org/parlor/access`
    #[arg(long, env = "PARLOR_ACCESS_URL", hide_env_values = true)]
    pub access_url: Option<String>,
    /// Time limit for its answer, at most 10s
    #[arg(long, env = "PARLOR_ACCESS_TIMEOUT", default_value = "1500ms", value_parser = parse_time_limit)]
    pub access_timeout: Duration,
    /// What holds if there is no answer: closed (nobody comes in who has not been let
    /// in) or open (the room's own rules, as if nobody were asked)
    #[arg(long, env = "PARLOR_ACCESS_FAILURE", value_enum, default_value_t = OnFailure::Closed)]
    pub access_failure: OnFailure,
    /// URL that is asked before a message of a user is stored or edited; by default,
    /// nobody is asked; such as `https://app.example.org/parlor/before-send`
    #[arg(long, env = "PARLOR_BEFORE_SEND_URL", hide_env_values = true)]
    pub before_send_url: Option<String>,
    /// Time limit for its answer, at most 10s
    #[arg(long, env = "PARLOR_BEFORE_SEND_TIMEOUT", default_value = "1500ms", value_parser = parse_time_limit)]
    pub before_send_timeout: Duration,
    /// What happens to a message if there is no answer: closed (it is not stored, and
    /// the sender may try again) or open (it is stored)
    #[arg(long, env = "PARLOR_BEFORE_SEND_FAILURE", value_enum, default_value_t = OnFailure::Closed)]
    pub before_send_failure: OnFailure,
    /// URL that answers the commands `app.…` of clients; by default, there are none;
    /// such as `https://app.example.org/parlor/command`
    #[arg(long, env = "PARLOR_COMMAND_URL", hide_env_values = true)]
    pub command_url: Option<String>,
    /// Time limit for its answer, at most 10s
    #[arg(long, env = "PARLOR_COMMAND_TIMEOUT", default_value = "5s", value_parser = parse_time_limit)]
    pub command_timeout: Duration,
}

fn parse_time_limit(text: &str) -> Result<Duration, String> {
    let limit = parse_duration(text)?;
    match limit <= CALLBACK_TIMEOUT_MAX {
        true => Ok(limit),
        false => Err(format!("it must be at most {}s", CALLBACK_TIMEOUT_MAX.as_secs())),
    }
}

impl CallbackArgs {
    pub fn check(self) -> Result<CallbacksConfig, ConfigError> {
        let callback = |option: &str, url: Option<String>, timeout| {
            let Some(url) = set(url) else { return Ok(None) };
            let is_good = reqwest::Url::parse(&url)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            if !is_good {
                return Err(ConfigError::value(option, "it must be an http or https URL"));
            }
            let secrets = Secrets::new(&self.callback_secret).ok_or_else(|| {
                ConfigError::value(
                    "callback-secret",
                    "it must be whsec_… or have at least 24 bytes",
                )
            })?;
            Ok(Some(CallbackConfig { url: Arc::from(url), secrets, timeout }))
        };
        let before_send =
            callback("before-send-url", self.before_send_url, self.before_send_timeout)?;
        let on_failure = self.before_send_failure;
        let access = callback("access-url", self.access_url, self.access_timeout)?;
        Ok(CallbacksConfig {
            access: access
                .map(|callback| AccessConfig { callback, on_failure: self.access_failure }),
            before_send: before_send.map(|callback| BeforeSendConfig { callback, on_failure }),
            commands: callback("command-url", self.command_url, self.command_timeout)?,
        })
    }
}
