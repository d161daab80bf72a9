//! Where webhooks are sent, and which.

use std::time::Duration;

use clap::Args;

use super::{ConfigError, parse_duration};
use crate::{
    db::OutboxTargets,
    webhooks::{KINDS, Secrets, UNREAD, UnreadConfig, WebhookConfig},
};
use parlor_domain::limits::{UNREAD_AFTER_MIN, WEBHOOK_URLS, positive};

#[derive(Args, Debug)]
#[command(next_help_heading = "Webhooks")]
pub struct WebhookArgs {
    /// URLs that events are sent to (signed according to Standard Webhooks),
    /// separated by commas, such as `https://app.example.org/hooks/parlor`
    #[arg(long, env = "PARLOR_WEBHOOK_URLS", value_delimiter = ',', hide_env_values = true)]
    pub webhook_urls: Vec<String>,
    /// Secret that signs them, `whsec_…` or a text of at least 24 bytes; several,
    /// separated by commas, while it is being rotated; such as
    /// `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`
    #[arg(long, env = "PARLOR_WEBHOOK_SECRET", value_delimiter = ',', hide_env_values = true)]
    pub webhook_secret: Vec<String>,
    /// Which events are sent; by default all, or only some, such as
    /// `message.created,member.joined`
    #[arg(long, env = "PARLOR_WEBHOOK_EVENTS", value_delimiter = ',')]
    pub webhook_events: Vec<String>,
    /// Time limit for a receiver to respond
    #[arg(long, env = "PARLOR_WEBHOOK_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub webhook_timeout: Duration,
    /// Number of attempts before an event becomes a dead letter; 12 take about half
    /// an hour
    #[arg(long, env = "PARLOR_WEBHOOK_ATTEMPTS", default_value_t = 12, value_parser = positive)]
    pub webhook_attempts: usize,
    /// After how long somebody is told of what they have not read (`user.unread`), for all
    /// of their rooms at once; by default never; such as `5m`
    #[arg(long, env = "PARLOR_UNREAD_AFTER", value_parser = parse_duration)]
    pub unread_after: Option<Duration>,
    /// The least time until they are told again
    #[arg(long, env = "PARLOR_UNREAD_AGAIN", default_value = "1h", value_parser = parse_duration)]
    pub unread_again: Duration,
}

/// `None`: no webhooks are sent.
pub fn webhooks(args: WebhookArgs) -> Result<Option<WebhookConfig>, ConfigError> {
    let trimmed = |texts: Vec<String>| {
        let texts = texts.into_iter().map(|text| text.trim().to_owned());
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>()
    };
    let (urls, kinds) = (trimmed(args.webhook_urls), trimmed(args.webhook_events));
    let unread = args.unread_after.map(|after| UnreadConfig { after, again: args.unread_again });
    let tells_unread =
        !urls.is_empty() && (kinds.is_empty() || kinds.iter().any(|it| it == UNREAD));
    if args.unread_after.is_some_and(|after| after < UNREAD_AFTER_MIN) {
        let why = format!("it must be at least {} s", UNREAD_AFTER_MIN.as_secs());
        return Err(ConfigError::value("unread-after", why));
    }
    if unread.is_some() && !tells_unread {
        let why = format!("it needs a webhook that is told of {UNREAD}");
        return Err(ConfigError::value("unread-after", why));
    }
    if urls.is_empty() {
        return Ok(None);
    }
    let is_url = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if urls.len() > WEBHOOK_URLS || !urls.iter().all(is_url) {
        let why = format!("it must be at most {WEBHOOK_URLS} http or https URLs");
        return Err(ConfigError::value("webhook-urls", why));
    }
    if let Some(kind) = kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        return Err(ConfigError::value("webhook-events", format!("unknown event {kind:?}")));
    }
    let secrets = Secrets::new(&args.webhook_secret).ok_or_else(|| {
        ConfigError::value("webhook-secret", "it must be whsec_… or have at least 24 bytes")
    })?;
    let targets = OutboxTargets {
        urls: urls.into_iter().map(Into::into).collect(),
        kinds: kinds.into(),
        wake: std::sync::Arc::default(),
    };
    let attempts = i64::try_from(args.webhook_attempts).unwrap_or(i64::MAX);
    Ok(Some(WebhookConfig { targets, secrets, timeout: args.webhook_timeout, attempts, unread }))
}
