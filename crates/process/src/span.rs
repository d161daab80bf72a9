//! Spans: what a request leads to, up to its commit and to the webhooks behind it, as
//! OpenTelemetry has them (<https://opentelemetry.io/docs/concepts/signals/traces/>).
//!
//! While nobody records, there are none, and each place where one could be costs a look
//! at one variable.

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use opentelemetry::{
    Context, ContextGuard, KeyValue, SpanId, TraceFlags, TraceId, Value,
    trace::{FutureExt, SpanContext, SpanKind, Status, TraceContextExt, TraceState, Tracer},
};
use opentelemetry_sdk::trace::SdkTracer;

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// The header that says which span of which trace something is done for
/// (<https://www.w3.org/TR/trace-context/#traceparent-header>).
///
/// `tracestate`, which may come with it, is neither read nor handed on: others could be
/// sent more of it by anybody than they take.
pub const TRACEPARENT: &str = "traceparent";

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
    /// Something that was asked for, and what the one who asks says of its own span.
    /// `None` while nobody records.
    pub fn of_request(
        name: impl FnOnce() -> &'static str,
        traceparent: impl FnOnce() -> Option<String>,
    ) -> Option<Self> {
        let tracer = TRACER.get()?;
        let parent = traceparent().as_deref().and_then(parse);
        Some(Self::begin(tracer, name(), SpanKind::Server, &within_other(parent)))
    }

    /// A request to another program, for a span that may have been in another process.
    #[must_use]
    pub fn request_for(traceparent: &str, name: String) -> Option<Self> {
        let parent = within_other(parse(traceparent));
        Some(Self::begin(TRACER.get()?, name, SpanKind::Client, &parent))
    }

    /// A request to another program, which is a part of this one.
    #[must_use]
    pub fn request(&self, name: &'static str) -> Option<Self> {
        Some(Self::begin(TRACER.get()?, name, SpanKind::Client, &self.0))
    }

    /// A part of it, which nobody else is told of: `None` where it is not recorded.
    #[must_use]
    pub fn part(&self, name: &'static str) -> Option<Self> {
        let tracer = TRACER.get().filter(|_| self.0.span().span_context().is_sampled())?;
        Some(Self::begin(tracer, name, SpanKind::Internal, &self.0))
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

    /// What is done for it afterwards still belongs to it.
    pub fn end(&self) {
        self.0.span().end();
    }

    /// What another program is told of it, for what it does.
    #[must_use]
    pub fn traceparent(&self) -> String {
        let span = self.0.span();
        let context = span.span_context();
        let flags = context.trace_flags() & TraceFlags::SAMPLED;
        format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), flags)
    }
}

/// A span of another program.
fn within_other(parent: Option<SpanContext>) -> Context {
    parent.map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent))
}

/// Version 00; of a later one what is as in 00, as the specification asks for. All is in
/// lower case, and no id is zero. OpenTelemetry's own takes ids of any length and form.
fn parse(traceparent: &str) -> Option<SpanContext> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let bytes = traceparent.as_bytes();
    let has_form = |(at, byte): (usize, &u8)| match at {
        2 | 35 | 52 => *byte == b'-',
        _ => is_hex(*byte),
    };
    let is_whole = match bytes.len() {
        55 => true,
        56.. => !traceparent.starts_with("00") && bytes[55] == b'-',
        _ => false,
    };
    let is_good = is_whole && bytes.iter().take(55).enumerate().all(has_form);
    if !is_good || traceparent.starts_with("ff") {
        return None;
    }
    let trace = TraceId::from_hex(&traceparent[3..35]).ok()?;
    let span = SpanId::from_hex(&traceparent[36..52]).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(&traceparent[53..55], 16).ok()?);
    let flags = flags & TraceFlags::SAMPLED;
    let parent = SpanContext::new(trace, span, flags, true, TraceState::NONE);
    parent.is_valid().then_some(parent)
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

/// What is done until the guard is dropped is the server's own: whoever has led to it does
/// not wait for it.
#[must_use]
pub fn apart() -> Option<ContextGuard> {
    enter(None)
}

/// The same as [`enter`] for a future.
pub async fn within<F: Future>(span: Option<Span>, future: F) -> F::Output {
    match span {
        Some(span) => Box::pin(future.with_context(Context::clone(&span.0))).await,
        None => future.await,
    }
}

/// The same for what is kept, to be done when something else is over that is done for
/// another span.
pub fn carried<S>(then: impl FnOnce(&mut S)) -> impl FnOnce(&mut S) {
    let span = current();
    move |state| {
        let _within = enter(span.as_ref());
        then(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn a_traceparent_names_a_span_and_whether_it_is_recorded() {
        for (flags, is_sampled) in [("00", false), ("01", true), ("03", true), ("02", false)] {
            let parent = parse(&format!("00-{TRACE}-{SPAN}-{flags}")).expect(flags);
            assert_eq!(parent.trace_id().to_string(), TRACE);
            assert_eq!(parent.span_id().to_string(), SPAN);
            assert_eq!((parent.is_sampled(), parent.is_remote()), (is_sampled, true), "{flags}");
        }
        assert!(parse(&format!("01-{TRACE}-{SPAN}-01")).is_some(), "a later version");
        assert!(parse(&format!("01-{TRACE}-{SPAN}-01-more")).is_some(), "and what it adds");
    }

    #[test]
    fn anything_else_names_none() {
        let zeros = "0".repeat(32);
        for bad in [
            String::new(),
            "00-1-1-01".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{zeros}-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", &zeros[..16]),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-+{}-{SPAN}-01", &TRACE[1..]),
            format!("00_{TRACE}_{SPAN}_01"),
            format!("00-{}é-{SPAN}-01", &TRACE[2..]),
        ] {
            assert!(parse(&bad).is_none(), "{bad}");
        }
    }
}
