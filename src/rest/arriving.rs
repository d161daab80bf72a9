//! Detects request bodies that stop arriving.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use actix_http::BoxedPayloadStream;
use actix_web::{
    HttpMessage,
    dev::{Payload, ServiceRequest},
    error::PayloadError,
};
use bytes::Bytes;
use futures_util::Stream;

use crate::transport::{Alarm, Pace};

/// A body that fails with [`io::ErrorKind::TimedOut`] when it comes too
/// slowly. Only the time counts in which its handler waits for it.
struct Arriving {
    payload: Payload,
    pace: Pace,
    alarm: Alarm,
}

/// Gives the body of a request, if it has one, a least pace.
pub(super) fn pace_body(request: &mut ServiceRequest, window: Duration) {
    let payload = match request.take_payload() {
        payload @ Payload::H1 { .. } => {
            let (pace, alarm) = (Pace::new(window), Alarm::default());
            let paced: BoxedPayloadStream = Box::pin(Arriving { payload, pace, alarm });
            Payload::Stream { payload: paced }
        }
        other => other,
    };
    request.set_payload(payload);
}

impl Stream for Arriving {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Poll::Ready(item) = Pin::new(&mut this.payload).poll_next(cx) {
            if let Some(Ok(bytes)) = &item {
                this.pace.moved(Instant::now(), bytes.len());
            }
            return Poll::Ready(item);
        }
        this.pace.wait(Instant::now());
        loop {
            if this.pace.is_too_slow(Instant::now()) {
                let error = PayloadError::Io(io::ErrorKind::TimedOut.into());
                return Poll::Ready(Some(Err(error)));
            }
            let Some(deadline) = this.pace.deadline() else { return Poll::Pending };
            if this.alarm.poll_at(cx, deadline).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
