//! The signals that a server hears.

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::Instant,
};

use super::Failure;
use crate::transport::Certificate;
use parlor_domain::limits::SIGNALS_APART;

/// The signals that ask the process to stop.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// Where the end of its terminal is one.
    hangup: Option<Signal>,
}

impl Signals {
    /// SIGHUP is one of them with `ends_with_terminal`; otherwise the certificate is
    /// read again then. Unheard, it would end the process.
    pub fn new(
        ends_with_terminal: bool,
        certificate: Option<&Certificate>,
    ) -> Result<Self, Failure> {
        let on = |kind| signal(kind).map_err(Failure::environment);
        let (terminate, interrupt) = (on(SignalKind::terminate())?, on(SignalKind::interrupt())?);
        let hangup = on(SignalKind::hangup())?;
        if ends_with_terminal {
            return Ok(Self { terminate, interrupt, hangup: Some(hangup) });
        }
        actix_web::rt::spawn(reload(certificate.cloned(), hangup));
        Ok(Self { terminate, interrupt, hangup: None })
    }

    /// A signal that is not the last one once more: who stops a service often
    /// signals its process and then its group.
    pub async fn next_apart(&mut self) {
        let last = Instant::now();
        loop {
            self.next().await;
            if last.elapsed() >= SIGNALS_APART {
                return;
            }
        }
    }

    pub async fn next(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = hangup => {}
        }
    }
}

/// Reads the certificate again at each SIGHUP, as who renews it asks for.
/// Nothing else is read again.
async fn reload(certificate: Option<Certificate>, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        match certificate.as_ref().map(Certificate::reload) {
            Some(Ok(())) => log::info!("the certificate was reloaded"),
            Some(Err(error)) => {
                log::error!("the certificate was not reloaded, the old one stays in use: {error}")
            }
            None => log::info!("SIGHUP: there is no certificate to reload"),
        }
    }
}
