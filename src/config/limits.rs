//! Limits, and how often a client may ask.

use std::num::NonZeroU32;

use clap::Args;

use super::ConfigError;
use crate::{
    auth::TrustedProxies,
    limiter::{Rates, per_minute, per_minute_with_burst, per_second},
};
use parlor_domain::limits::{Limits, command_bytes, event_bytes, positive};

#[derive(Args, Debug)]
#[command(next_help_heading = "Rate limits (rate_limited beyond; 0: no limit)")]
pub struct RateArgs {
    /// Commands per second and connection
    #[arg(long, env = "PARLOR_COMMANDS_PER_SECOND", default_value_t = 10)]
    pub commands_per_second: u32,
    /// Burst of commands per connection
    #[arg(long, env = "PARLOR_COMMAND_BURST", default_value_t = 20)]
    pub command_burst: u32,
    /// Commands and REST calls per second and user
    #[arg(long, env = "PARLOR_USER_COMMANDS_PER_SECOND", default_value_t = 50)]
    pub user_commands_per_second: u32,
    /// Burst of commands and REST calls per user
    #[arg(long, env = "PARLOR_USER_COMMAND_BURST", default_value_t = 200)]
    pub user_command_burst: u32,
    /// Logins, registrations and password changes per minute and address
    #[arg(long, env = "PARLOR_LOGINS_PER_MINUTE", default_value_t = 20)]
    pub logins_per_minute: u32,
    /// Token refreshes per minute and address, also as a burst; a whole office may
    /// share an address: 2,000 people with tokens of 15 minutes need about 133
    #[arg(long, env = "PARLOR_REFRESHES_PER_MINUTE", default_value_t = 3_000)]
    pub refreshes_per_minute: u32,
    /// New connections per minute and user (429 beyond, or 4429 if the token comes
    /// in the first frame)
    #[arg(long, env = "PARLOR_CONNECTS_PER_MINUTE", default_value_t = 30)]
    pub connects_per_minute: u32,
    /// Burst of new connections per user
    #[arg(long, env = "PARLOR_CONNECT_BURST", default_value_t = 60)]
    pub connect_burst: u32,
    /// New connections per minute and address, also as a burst (429 or 4429 beyond)
    #[arg(long, env = "PARLOR_ADDRESS_CONNECTS_PER_MINUTE", default_value_t = 3_000)]
    pub address_connects_per_minute: u32,
    /// Errors per minute after which a connection is closed (4429)
    #[arg(long, env = "PARLOR_ERRORS_BEFORE_CLOSE", default_value_t = 20)]
    pub errors_before_close: u32,
    /// Addresses or networks of proxies whose X-Forwarded-For is trusted
    /// (docs/PROXIES.md has recipes), separated by commas, such as `10.0.0.0/8`
    #[arg(long, env = "PARLOR_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<String>,
}

impl RateArgs {
    pub fn rates(&self) -> Rates {
        Rates {
            connection: per_second(self.commands_per_second, self.command_burst),
            user: per_second(self.user_commands_per_second, self.user_command_burst),
            logins: per_minute(self.logins_per_minute),
            refreshes: per_minute(self.refreshes_per_minute),
            connects: per_minute_with_burst(self.connects_per_minute, self.connect_burst),
            connects_from: per_minute(self.address_connects_per_minute),
            errors: NonZeroU32::new(self.errors_before_close),
        }
    }

    pub fn proxies(&self) -> Result<TrustedProxies, ConfigError> {
        TrustedProxies::parse(&self.trusted_proxies).map_err(|text| {
            let why = "is neither an address nor a network such as 10.0.0.0/8";
            ConfigError::value("trusted-proxies", format!("{text:?} {why}"))
        })
    }
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Largest WebSocket message from a client, in bytes (1009 beyond); by default,
    /// what a command with the longest content may need, however its JSON is escaped
    #[arg(long, env = "PARLOR_FRAME_BYTES", value_parser = positive)]
    pub frame_bytes: Option<usize>,
    #[command(flatten)]
    pub limits: Limits,
}

impl LimitArgs {
    pub fn check(self) -> Result<Limits, ConfigError> {
        let too_small = |option, least: u64, why: &str| {
            Err(ConfigError::value(option, format!("it must be at least {least}: {why}")))
        };
        let Limits { content_bytes, queued_bytes, attachment_bytes, .. } = self.limits;
        let command = command_bytes(content_bytes);
        let frame_bytes = self.frame_bytes.unwrap_or(command);
        if frame_bytes < command {
            let why =
                format!("a message of PARLOR_CONTENT_BYTES={content_bytes} may need that much");
            return too_small("frame-bytes", command as u64, &why);
        }
        let queue = (2 * frame_bytes).max(event_bytes(content_bytes));
        if queued_bytes < queue {
            let why = format!(
                "the largest event must fit, given PARLOR_FRAME_BYTES={frame_bytes} and \
                 PARLOR_CONTENT_BYTES={content_bytes}"
            );
            return too_small("queued-bytes", queue as u64, &why);
        }
        for (option, bytes) in [
            ("attachment-bytes-per-day", self.limits.attachment_bytes_per_day),
            ("attachment-bytes-per-user", self.limits.attachment_bytes_per_user),
        ] {
            if bytes > 0 && bytes < attachment_bytes {
                return too_small(
                    option,
                    attachment_bytes,
                    "PARLOR_ATTACHMENT_BYTES is that; 0 means no limit",
                );
            }
        }
        Ok(Limits { frame_bytes, ..self.limits })
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches, builder::Resettable};

    use super::*;

    #[test]
    fn the_documents_say_the_rates() {
        let command = RateArgs::augment_args(Command::new("parlor"));
        let command = command.mut_args(|arg| arg.env(Resettable::Reset));
        let matches = command.try_get_matches_from([""; 0]).expect("nothing is set");
        let RateArgs {
            commands_per_second: rate,
            command_burst: burst,
            user_commands_per_second: user_rate,
            user_command_burst: user_burst,
            logins_per_minute: logins,
            refreshes_per_minute: refreshes,
            connects_per_minute: connects,
            connect_burst,
            address_connects_per_minute: from_address,
            errors_before_close: errors,
            trusted_proxies: _,
        } = RateArgs::from_arg_matches(&matches).expect("each has a default");
        let thousands = |number: u32| format!("{},{:03}", number / 1_000, number % 1_000);
        let (refreshes, from_address) = (thousands(refreshes), thousands(from_address));
        #[rustfmt::skip]
        let all = [
            ("docs/PROTOCOL.md", format!("`commands_per_second`, `command_burst` | {rate}, {burst} |")),
            ("docs/PROTOCOL.md", format!("`errors_before_close` | {errors} |")),
            ("docs/PROTOCOL.md", format!("{rate} commands per second and connection with a burst of {burst}")),
            ("docs/PROTOCOL.md", format!("{user_rate} commands and REST calls per second and user with a burst of {user_burst}")),
            ("docs/PROTOCOL.md", format!("{logins} logins, registrations")),
            ("docs/PROTOCOL.md", format!("{refreshes} token refreshes")),
            ("docs/PROTOCOL.md", format!("{connects} per minute and user with a burst of {connect_burst}")),
            ("docs/PROTOCOL.md", format!("{from_address} per minute and address")),
            ("docs/PROTOCOL.md", format!("causes {errors} errors")),
            ("docs/SECURITY.md", format!("{rate} commands a second of a connection with a burst of {burst}; {user_rate} of a user")),
            ("docs/SECURITY.md", format!("{errors} errors a minute")),
            ("docs/SECURITY.md", format!("{connects} new ones a minute with a burst of {connect_burst}")),
            ("docs/SECURITY.md", format!("{from_address} connections a minute")),
            ("docs/SECURITY.md", format!("{logins} logins")),
            ("static/client/pace.js", format!("{{ commands_per_second: {rate}, command_burst: {burst} }}")),
        ];
        for (name, said) in all {
            let text = std::fs::read_to_string(name).expect("tests run in the package");
            assert!(text.contains(&said), "{name}: {said}");
        }
    }
}
