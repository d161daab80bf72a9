//! Where spans are sent. The names are those of OpenTelemetry, which other programs of a
//! deployment have already
//! (<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>).
//! So a value that means nothing here is no reason not to start, as they have it.

use std::{collections::HashMap, fmt};

use clap::Args;
use reqwest::header::{HeaderName, HeaderValue};

use super::{ConfigError, Switch, set};
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
    /// The protocol, of which there is one
    #[arg(long, env = "OTEL_EXPORTER_OTLP_PROTOCOL", default_value = HTTP_PROTOBUF)]
    pub otlp_protocol: String,
    /// What this service is called in traces; by default what OTEL_RESOURCE_ATTRIBUTES
    /// says, or parlor; such as `chat`
    #[arg(long, env = "OTEL_SERVICE_NAME")]
    pub service_name: Option<String>,
    /// Which requests are recorded: always_on, always_off, traceidratio (a share); with
    /// parentbased_ before it, of those without a traceparent, which else decides
    #[arg(long, env = "OTEL_TRACES_SAMPLER", default_value = "parentbased_always_on")]
    pub traces_sampler: String,
    /// The share, 0 to 1, for traceidratio and parentbased_traceidratio
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", default_value = "1")]
    pub traces_sampler_arg: String,
    /// Nothing is recorded with none
    #[arg(long, env = "OTEL_TRACES_EXPORTER", default_value = OTLP)]
    pub traces_exporter: String,
    /// Nothing is recorded with true
    #[arg(long, env = "OTEL_SDK_DISABLED", default_value = "false")]
    pub otel_disabled: String,
    /// Whether a request belongs to the span that its client names in traceparent; off
    /// where clients that are not trusted reach the API
    #[arg(long, env = "PARLOR_TRACEPARENT", value_enum, default_value_t = Switch::On)]
    pub traceparent: Switch,
}

const HTTP_PROTOBUF: &str = "http/protobuf";
const OTLP: &str = "otlp";

/// Which requests are recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TraceSampler {
    AlwaysOn,
    AlwaysOff,
    Share(f64),
}

/// Where spans are sent, and which.
#[derive(Clone)]
pub struct TraceConfig {
    pub url: String,
    pub headers: HashMap<String, String>,
    pub service_name: Option<String>,
    pub sampler: TraceSampler,
    /// A client decides for its requests.
    pub is_parent_based: bool,
    pub takes_traceparent: bool,
    /// What was set and means nothing here: a line of each.
    pub unknown: Vec<String>,
}

/// Without the headers, in which there may be a secret.
impl fmt::Debug for TraceConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceConfig").field("url", &self.url).finish_non_exhaustive()
    }
}

impl TraceArgs {
    pub fn check(self) -> Result<Option<TraceConfig>, ConfigError> {
        let Some(endpoint) = set(self.otlp_endpoint) else { return Ok(None) };
        let mut unknown = Vec::new();
        if self.otel_disabled.eq_ignore_ascii_case("true") || self.traces_exporter == "none" {
            return Ok(None);
        }
        let mut expect = |name: &str, value: &str, known: &str| {
            if !value.is_empty() && value != known {
                unknown.push(format!("{name}={value} is not known here: it is {known}"));
            }
        };
        expect("OTEL_TRACES_EXPORTER", &self.traces_exporter, OTLP);
        expect("OTEL_EXPORTER_OTLP_PROTOCOL", &self.otlp_protocol, HTTP_PROTOBUF);
        let (is_parent_based, sampler) =
            sampler(&self.traces_sampler, &self.traces_sampler_arg, &mut unknown);
        let bad = || {
            let what = "it must be an http or https URL, without a user and a query";
            ConfigError::value("otlp-endpoint", what)
        };
        let url = outbound::bare_url(&endpoint).ok_or_else(bad)?;
        let url = format!("{}/v1/traces", url.as_str().trim_end_matches('/'));
        // The library has rules of its own.
        opentelemetry_http::Request::post(&url).body(()).map_err(|_| bad())?;
        let headers = headers(&set(self.otlp_headers).unwrap_or_default());
        Ok(Some(TraceConfig {
            url,
            headers: headers.ok_or_else(|| {
                ConfigError::value("otlp-headers", "it must be name=value, separated by commas")
            })?,
            service_name: set(self.service_name),
            sampler,
            is_parent_based,
            takes_traceparent: self.traceparent == Switch::On,
            unknown,
        }))
    }
}

/// Whether clients decide for their requests, and what holds for the others. Of what is not
/// known all is recorded, and a line says so.
fn sampler(name: &str, share: &str, unknown: &mut Vec<String>) -> (bool, TraceSampler) {
    let (is_parent_based, which) = match name.strip_prefix("parentbased_") {
        Some(which) => (true, which),
        None => (false, name),
    };
    let sampler = match which {
        "always_on" => TraceSampler::AlwaysOn,
        "always_off" => TraceSampler::AlwaysOff,
        "traceidratio" => TraceSampler::Share(self::share(share).unwrap_or_else(|| {
            unknown.push(format!("OTEL_TRACES_SAMPLER_ARG={share} is no number from 0 to 1"));
            1.0
        })),
        _ => {
            unknown.push(format!("OTEL_TRACES_SAMPLER={name} is not known: all is recorded"));
            return (true, TraceSampler::AlwaysOn);
        }
    };
    (is_parent_based, sampler)
}

fn share(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|share| (0.0..=1.0).contains(share))
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
    fn a_sampler_that_is_not_known_is_said_and_records_all() {
        for (name, arg, is_parent_based, expected, lines) in [
            ("always_on", "x", false, TraceSampler::AlwaysOn, 0),
            ("parentbased_always_off", "1", true, TraceSampler::AlwaysOff, 0),
            ("traceidratio", "0.25", false, TraceSampler::Share(0.25), 0),
            ("parentbased_traceidratio", "1.5", true, TraceSampler::Share(1.0), 1),
            ("traceidratio", "NaN", false, TraceSampler::Share(1.0), 1),
            ("xray", "1", true, TraceSampler::AlwaysOn, 1),
            ("parentbased_jaeger_remote", "endpoint=x", true, TraceSampler::AlwaysOn, 1),
        ] {
            let mut unknown = Vec::new();
            assert_eq!(sampler(name, arg, &mut unknown), (is_parent_based, expected), "{name}");
            assert_eq!(unknown.len(), lines, "{name}");
        }
    }
}
