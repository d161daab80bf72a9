//! Where spans are sent. The names are those of OpenTelemetry, which other programs of a
//! deployment have already
//! (<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>).

use std::collections::HashMap;

use clap::Args;
use reqwest::header::{HeaderName, HeaderValue};

use super::{ConfigError, set};
use crate::outbound;

#[derive(Args, Debug)]
#[command(next_help_heading = "OpenTelemetry (docs/OPERATIONS.md, \"Traces\")")]
pub struct TraceArgs {
    /// URL of a collector, to which spans are sent with OTLP over HTTP, as `/v1/traces`
    /// behind it; by default, nothing is recorded; such as `http://127.0.0.1:4318`
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// Headers for the collector; such as `authorization=Bearer%20abc`
    #[arg(long, env = "OTEL_EXPORTER_OTLP_HEADERS", hide_env_values = true)]
    pub otlp_headers: Option<String>,
    /// What this service is called in traces
    #[arg(long, env = "OTEL_SERVICE_NAME", default_value = "parlor")]
    pub service_name: String,
    /// Which requests are recorded: all, none, or a share of them; parentbased_…: only
    /// those for which the client has not decided in `traceparent`
    #[arg(long, env = "OTEL_TRACES_SAMPLER", value_enum, default_value_t = TraceSampler::ParentbasedAlwaysOn)]
    pub traces_sampler: TraceSampler,
    /// The share, 0 to 1, for traceidratio and parentbased_traceidratio
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", default_value = "1", value_parser = parse_share)]
    pub traces_sampler_arg: f64,
}

/// Which requests are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum TraceSampler {
    AlwaysOn,
    AlwaysOff,
    Traceidratio,
    ParentbasedAlwaysOn,
    ParentbasedAlwaysOff,
    ParentbasedTraceidratio,
}

/// Where spans are sent, and which.
#[derive(Clone, Debug)]
pub struct TraceConfig {
    pub url: String,
    pub headers: HashMap<String, String>,
    pub service_name: String,
    pub sampler: TraceSampler,
    pub share: f64,
}

fn parse_share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "it must be a number from 0 to 1".to_owned())
}

impl TraceArgs {
    pub fn check(self) -> Result<Option<TraceConfig>, ConfigError> {
        let Some(endpoint) = set(self.otlp_endpoint) else { return Ok(None) };
        let Some(url) = outbound::bare_url(&endpoint) else {
            return Err(ConfigError::value(
                "otlp-endpoint",
                "it must be an http or https URL, without a user and a query",
            ));
        };
        let headers = headers(&set(self.otlp_headers).unwrap_or_default());
        Ok(Some(TraceConfig {
            url: format!("{}/v1/traces", url.as_str().trim_end_matches('/')),
            headers: headers.ok_or_else(|| {
                ConfigError::value("otlp-headers", "it must be name=value, separated by commas")
            })?,
            service_name: self.service_name,
            sampler: self.traces_sampler,
            share: self.traces_sampler_arg,
        }))
    }
}

/// Names and values, which may be percent-encoded
/// (<https://opentelemetry.io/docs/specs/otel/protocol/exporter/>).
fn headers(text: &str) -> Option<HashMap<String, String>> {
    let all = text.split(',').map(str::trim).filter(|one| !one.is_empty());
    let header = |one: &str| {
        let (name, value) = one.split_once('=')?;
        let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8().ok()?;
        let is_good =
            HeaderName::try_from(name.trim()).is_ok() && HeaderValue::try_from(&*value).is_ok();
        is_good.then(|| (name.trim().to_owned(), value.into_owned()))
    };
    all.map(header).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_names_and_values() {
        let read = |text: &str| {
            let mut all: Vec<_> = headers(text)?.into_iter().collect();
            all.sort();
            Some(
                all.into_iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>(),
            )
        };
        assert_eq!(read(""), Some(Vec::new()));
        let two = ["authorization: Bearer a=b", "x-team: chat"].map(str::to_owned).to_vec();
        assert_eq!(read("authorization=Bearer%20a=b, x-team=chat,"), Some(two));
        for bad in ["authorization", "a b=c", "a=%0a", "a=%ff"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_share_is_a_number_from_0_to_1() {
        assert_eq!(
            [parse_share("0"), parse_share("0.25"), parse_share("1")],
            [Ok(0.0), Ok(0.25), Ok(1.0)]
        );
        for bad in ["", "-0.1", "1.1", "NaN", "10%"] {
            assert!(parse_share(bad).is_err(), "{bad}");
        }
    }
}
