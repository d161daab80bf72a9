//! Sends spans to a collector, with OTLP over HTTP.

use std::{future::Future, pin::Pin, time::Duration};

use actix::{Arbiter, ArbiterHandle};
use opentelemetry::{Key, KeyValue, trace::TracerProvider as _};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use prost::Message as _;
use tokio::sync::oneshot;

use super::Failure;
use crate::{
    config::{TraceConfig, TraceSampler},
    log_throttle::LogThrottleByText,
    outbound,
    request_id::logged,
};
use parlor_domain::limits::{TRACES_ANSWER_BYTES, TRACES_TIMEOUT};
use parlor_process::span;

/// Spans are collected and sent for as long as this is there. What is collected is
/// bounded by the library: 2,048 spans, and those beyond are dropped.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts with a server, in its system.
    pub fn start(config: &TraceConfig) -> Result<Self, Failure> {
        let client =
            Client { client: outbound::client(TRACES_TIMEOUT), thread: Arbiter::current() };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&config.url)
            .with_headers(config.headers.clone())
            .with_timeout(TRACES_TIMEOUT)
            .build()
            .map_err(|error| Failure::value(format!("traces cannot be sent: {error}")))?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(sampler(config))
            .with_resource(resource(config))
            .build();
        span::record(provider.tracer("parlor"));
        for line in &config.unknown {
            log::warn!("{line}");
        }
        log::info!("traces are sent to {}", config.url);
        Ok(Self(provider))
    }

    /// What is collected is sent, for as long as there is time.
    pub async fn end(self, time: Duration) {
        // It blocks, and the system's thread has to send meanwhile.
        let _ = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(time)).await;
    }
}

/// What is said of this process: what the environment has for it, and which one it is.
fn resource(config: &TraceConfig) -> Resource {
    let named = Resource::builder().build();
    let name = named.get_ref(&Key::new("service.name")).map(ToString::to_string);
    let is_named = name.is_some_and(|name| !name.starts_with("unknown_service"));
    let name = config.service_name.clone().or((!is_named).then(|| "parlor".to_owned()));
    let builder = Resource::builder().with_attributes([
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", format!("{:032x}", rand::random::<u128>())),
    ]);
    match name {
        Some(name) => builder.with_service_name(name).build(),
        None => builder.build(),
    }
}

fn sampler(config: &TraceConfig) -> Sampler {
    let sampler = match config.sampler {
        TraceSampler::AlwaysOn => Sampler::AlwaysOn,
        TraceSampler::AlwaysOff => Sampler::AlwaysOff,
        TraceSampler::Share(share) => Sampler::TraceIdRatioBased(share),
    };
    if config.is_parent_based { Sampler::ParentBased(Box::new(sampler)) } else { sampler }
}

/// The client of all outbound requests. The library exports on a thread of its own, on
/// which that one cannot run.
#[derive(Debug)]
struct Client {
    client: reqwest::Client,
    thread: ArbiterHandle,
}

static FAILED: LogThrottleByText = LogThrottleByText::new();

impl HttpClient for Client {
    // As `async_trait` has it.
    fn send_bytes<'life0, 'async_trait>(
        &'life0 self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        let (client, (told, answer)) = (self.client.clone(), oneshot::channel());
        self.thread.spawn(async move {
            let answer = send(&client, request).await;
            let what = match &answer {
                Ok(answer) if answer.status().is_success() => refused(answer.body()),
                Ok(answer) => Some(format!("the collector answers {}", answer.status())),
                Err(error) => Some(error.clone()),
            };
            if let Some(what) = what
                && let Some(times) = FAILED.again(&what)
            {
                log::warn!("traces cannot be sent: {what}{times}");
            }
            // Who asked has a time limit, too.
            let _ = told.send(answer);
        });
        Box::pin(async move { Ok(answer.await??) })
    }
}

/// What a collector says of spans that it has not taken.
fn refused(answer: &[u8]) -> Option<String> {
    let refused = ExportTraceServiceResponse::decode(answer).ok()?.partial_success?;
    let ExportTracePartialSuccess { rejected_spans, error_message } = refused;
    (rejected_spans > 0)
        .then(|| format!("the collector refuses {rejected_spans}: {}", logged(&error_message)))
}

async fn send(
    client: &reqwest::Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, String> {
    let request = reqwest::Request::try_from(request).map_err(outbound::cause)?;
    let response = client.execute(request).await.map_err(outbound::cause)?;
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    // Of one that refuses nothing else counts.
    if response.status().is_success() {
        *answer.body_mut() = outbound::body(response, TRACES_ANSWER_BYTES).await?.into();
    }
    Ok(answer)
}
