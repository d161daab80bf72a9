//! When devices are told, and what notifications say.

use std::time::Duration;

use clap::Args;

use super::{ConfigError, parse_duration, set};
use crate::push::{PushContent, PushTexts, TellConfig};
use parlor_domain::limits::PUSH_AFTER_MIN;

#[derive(Args, Debug)]
#[command(next_help_heading = "Push")]
pub struct TellArgs {
    /// How long a message must be unread until its readers are told on their devices
    #[arg(long, env = "PARLOR_PUSH_AFTER", default_value = "5s", value_parser = parse_duration)]
    pub push_after: Duration,
    /// What of a message leaves the server: what was said, by whom and where (full), only by
    /// whom and where (sender), or only that something was (none)
    #[arg(long, env = "PARLOR_PUSH_CONTENT", value_enum, default_value_t = PushContent::Full)]
    pub push_content: PushContent,
    /// Title of a notification, with {sender}, {room}, {text} and {count} as far as the
    /// content has them; by default the room; such as `{room}`
    #[arg(long, env = "PARLOR_PUSH_TITLE")]
    pub push_title: Option<String>,
    /// Its text, with the same places; such as `{sender}: {text}`
    #[arg(long, env = "PARLOR_PUSH_BODY")]
    pub push_body: Option<String>,
}

impl TellArgs {
    pub fn check(self) -> Result<TellConfig, ConfigError> {
        let Self { push_after: after, push_content, push_title, push_body } = self;
        if after < PUSH_AFTER_MIN {
            let why = format!("it must be at least {} s", PUSH_AFTER_MIN.as_secs());
            return Err(ConfigError::value("push-after", why));
        }
        let (title, body) = (set(push_title), set(push_body));
        let texts = PushTexts::new(push_content, title.as_deref(), body.as_deref());
        let texts = texts.map_err(|bad| {
            ConfigError::value(if bad.is_title { "push-title" } else { "push-body" }, bad)
        })?;
        Ok(TellConfig { after, texts })
    }
}
