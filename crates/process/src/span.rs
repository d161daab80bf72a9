//! Spans: what a request leads to, up to its commit and to the webhooks behind it, as
//! OpenTelemetry has them (<https://opentelemetry.io/docs/concepts/signals/traces/>).
//!
//! While nobody records, there are none, and each place where one could be costs a look
//! at one variable.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use opentelemetry::{
    Context, ContextGuard, KeyValue, Value,
    propagation::TextMapPropagator,
    trace::{FutureExt, SpanKind, Status, TraceContextExt, Tracer},
};
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracer};

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// The header, and the field, that says which span of which trace something is done for
/// (<https://www.w3.org/TR/trace-context/#traceparent-header>).
const TRACEPARENT: &str = "traceparent";
/// What else those who record have to say of it.
const TRACESTATE: &str = "tracestate";

/// Spans are recorded from now on, once for the whole process.
pub fn record(tracer: SdkTracer) {
    // A second server in this process, as in tests, records as the first does.
    let _ = TRACER.set(tracer);
}

/// A span under way, shared by all that is done for it. It ends when it is said to, or
/// when the last of them is done.
#[derive(Clone, Debug)]
pub struct Span(Arc<Context>);

impl Span {
    /// Something that was asked for; `header` is what the one who asks says of its own
    /// span, by name. `None` while nobody records.
    pub fn of_request(
        name: impl FnOnce() -> &'static str,
        header: impl Fn(&str) -> Option<String>,
    ) -> Option<Self> {
        let tracer = TRACER.get()?;
        let told = [TRACEPARENT, TRACESTATE].into_iter();
        let told = told.filter_map(|name| Some((name.to_owned(), header(name)?)));
        Some(Self::begin(tracer, name(), SpanKind::Server, &parent(&told.collect())))
    }

    /// A request to another program, for a span that may have been in another process.
    #[must_use]
    pub fn request_for(traceparent: &str, name: String) -> Option<Self> {
        let tracer = TRACER.get()?;
        let told = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
        Some(Self::begin(tracer, name, SpanKind::Client, &parent(&told)))
    }

    /// A request to another program, which is a part of this one.
    #[must_use]
    pub fn request(&self, name: &'static str) -> Option<Self> {
        Some(Self::begin(TRACER.get()?, name, SpanKind::Client, &self.0))
    }

    /// A part of it.
    #[must_use]
    pub fn part(&self, name: &'static str) -> Option<Self> {
        Some(Self::begin(TRACER.get()?, name, SpanKind::Internal, &self.0))
    }

    fn begin(
        tracer: &SdkTracer,
        name: impl Into<Cow<'static, str>>,
        kind: SpanKind,
        parent: &Context,
    ) -> Self {
        let span = tracer.span_builder(name).with_kind(kind).start_with_context(tracer, parent);
        Self(Arc::new(Context::new().with_span(span)))
    }

    /// What it turned out to be.
    pub fn rename(&self, name: impl Into<Cow<'static, str>>) {
        self.0.span().update_name(name);
    }

    /// Something about it: by the names of the semantic conventions where they have one
    /// (<https://opentelemetry.io/docs/specs/semconv/>), else as `parlor.…`.
    pub fn set(&self, name: &'static str, value: impl Into<Value>) {
        self.0.span().set_attribute(KeyValue::new(name, value));
    }

    /// The server failed, and not the one who asked.
    pub fn failed(&self, why: impl Into<Cow<'static, str>>) {
        self.0.span().set_status(Status::error(why));
    }

    pub fn end(&self) {
        self.0.span().end();
    }

    /// What another program is told of it, for what it does. A part of it is told as
    /// what was asked for is.
    #[must_use]
    pub fn headers(&self) -> HashMap<String, String> {
        let mut headers = HashMap::new();
        TraceContextPropagator::new().inject_context(&self.0, &mut headers);
        headers
    }

    /// The same where only one text is kept.
    #[must_use]
    pub fn traceparent(&self) -> Option<String> {
        self.headers().remove(TRACEPARENT)
    }
}

/// The span of another program, as it says.
fn parent(told: &HashMap<String, String>) -> Context {
    TraceContextPropagator::new().extract_with_context(&Context::new(), told)
}

/// The span for which the present thread does what it does.
#[must_use]
pub fn current() -> Option<Span> {
    TRACER.get()?;
    Context::map_current(|context| {
        context.has_active_span().then(|| Span(Arc::new(context.clone())))
    })
}

/// What is done until the guard is dropped is done for this span, or for none.
#[must_use]
pub fn enter(span: Option<&Span>) -> Option<ContextGuard> {
    TRACER.get()?;
    Some(span.map_or_else(Context::new, |span| Context::clone(&span.0)).attach())
}

/// The same for a future.
pub async fn within<F: Future>(span: Option<Span>, future: F) -> F::Output {
    match span {
        Some(span) => future.with_context(Context::clone(&span.0)).await,
        None => future.await,
    }
}
