//! A server as its clients see it, over HTTP.

use std::time::Duration;

use chrono::DateTime;
use reqwest::{
    Method,
    header::{
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
        DATE, LOCATION, ORIGIN,
    },
};
use serde_json::Value;

use super::{
    findings::Findings,
    socket,
    target::{Answer, Target, answer},
};
use crate::{clock, transport};
use parlor_domain::limits::{CERTIFICATE_LEFT, CLOCKS_APART, LOOK_UPLOAD};

pub(super) struct Server<'a> {
    pub target: &'a Target,
    pub found: &'a mut Findings,
}

impl Server<'_> {
    pub async fn look(mut self) {
        let Some(first) = self.is_parlor().await else { return };
        self.certificate(&first);
        self.clock(&first);
        self.without_tls().await;
        self.ready().await;
        self.uploads().await;
        if let Some(origin) = &self.target.origin {
            self.rest_from(origin).await;
        }
        socket::look(self.target, self.found).await;
    }

    /// The answer if it is; otherwise nothing else has to be looked at.
    async fn is_parlor(&mut self) -> Option<Answer> {
        let url = &self.target.url;
        let first = match self.target.get("/api/v1/openapi.json").await {
            Ok(first) => first,
            Err(why) => {
                let advice = if why.to_lowercase().contains("certificate") {
                    "browsers and clients refuse it as well: renew it, and have the proxy send the \
                     whole chain"
                } else {
                    "is the server running, is the address right, and does a firewall let this \
                     port through?"
                };
                self.found.wrong(format!("{url} cannot be reached: {why}"), advice);
                return None;
            }
        };
        let version = first.json().filter(|json| json["info"]["title"] == "Parlor");
        let version = version.and_then(|json| json["info"]["version"].as_str().map(str::to_owned));
        if let (200, Some(version)) = (first.status, version) {
            let (own, ms) = (env!("CARGO_PKG_VERSION"), first.took.as_millis());
            self.found.right(format!(
                "{url} is Parlor {version}, and answers in {ms} ms (this program is {own})"
            ));
            return Some(first);
        }
        let (what, advice) = stranger(&first, self.target);
        self.found.wrong(what, advice);
        None
    }

    fn certificate(&mut self, first: &Answer) {
        let Some(der) = &first.certificate else { return };
        let Some(end) = transport::expiry(der) else {
            return self.found.doubtful(
                "the certificate does not say when it expires",
                "look at it with openssl x509",
            );
        };
        let now = u64::try_from(clock::now().0 / 1000).unwrap_or_default();
        let left = Duration::from_secs(end.saturating_sub(now));
        let what = format!("the certificate is valid for {} days", left.as_secs() / 86_400);
        match left < CERTIFICATE_LEFT {
            false => self.found.right(what),
            true => self.found.doubtful(
                format!("{what} more"),
                "renew it, and see why it was not renewed by itself; SIGHUP lets Parlor read it again",
            ),
        }
    }

    /// Of whoever answers, which may be a proxy.
    fn clock(&mut self, first: &Answer) {
        let date = first.header(DATE).and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        let Some(date) = date else { return };
        // Its date has whole seconds.
        let apart = (date.timestamp() - clock::now().0 / 1000).unsigned_abs();
        let what = format!("its clock and this machine's are {apart} s apart");
        match apart > CLOCKS_APART.as_secs() {
            false => self.found.right(what),
            true => self.found.doubtful(
                what,
                "let NTP set both: tokens that are dated ahead, or are over, are refused beyond \
                 PARLOR_TOKEN_LEEWAY (30 s)",
            ),
        }
    }

    async fn without_tls(&mut self) {
        let mut url = self.target.url.clone();
        let is_own = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.scheme() == "http" {
            if !is_own {
                self.found.doubtful(
                    "tokens and messages travel unencrypted to this address",
                    "give the proxy or Parlor (PARLOR_TLS_CERT) a certificate, and use https",
                );
            }
            return;
        }
        // Another port says nothing of where plain HTTP would be.
        if url.port().is_some() || url.set_scheme("http").is_err() {
            return;
        }
        match answer(self.target.elsewhere(url)).await {
            Ok(plain) if plain.status < 300 => self.found.doubtful(
                "it is served over plain HTTP as well",
                "redirect that to https: who follows an old link would send a token unencrypted",
            ),
            Ok(plain) if goes_to_https(&plain) => self.found.right("HTTP leads to https"),
            Ok(plain) => self.found.doubtful(
                format!("plain HTTP is answered with {}", plain.shown()),
                "redirect it to https, or answer nothing there",
            ),
            Err(_) => self.found.right("nothing is served over plain HTTP"),
        }
    }

    async fn ready(&mut self) {
        let path = "/health/ready";
        let ready = match self.target.get(path).await {
            Ok(ready) => ready,
            Err(why) => {
                return self.found.wrong(
                    format!("{path} has no answer: {why}"),
                    "is the database reached from the server? Its log has the cause",
                );
            }
        };
        let json = ready.json().unwrap_or_default();
        let Some(status) = json["status"].as_str() else {
            let shown = ready.shown();
            if ready.status >= 500 {
                return self.found.wrong(
                    format!("{path} is answered with {shown}, and not by the server"),
                    "is the server running, and ready? Its log has the cause",
                );
            }
            return self.found.right(format!("{path} is not for this address: {shown}"));
        };
        let checks = json["checks"].as_object().into_iter().flatten();
        let bad = checks.filter(|(_, state)| *state != "ok").map(|(name, state)| {
            let state = state.as_str().unwrap_or("unknown");
            format!("{name}: {state}")
        });
        let bad = bad.collect::<Vec<_>>().join(", ");
        match status {
            "ready" => self.found.right("it is ready: its database takes writes"),
            "degraded" => self.found.doubtful(
                format!("it is degraded ({bad})"),
                "is Redis reached from the server? Until it is, nodes hear of each other later",
            ),
            _ => self.found.wrong(
                format!("it is not ready ({bad})"),
                "the server's log has the cause; what to do is in docs/OPERATIONS.md, \"When \
                 something fails\"",
            ),
        }
    }

    /// Without a token: whoever refuses it has let it through.
    async fn uploads(&mut self) {
        let upload = self.target.request(Method::POST, "/api/v1/attachments?name=doctor.txt");
        let mib = LOOK_UPLOAD / (1024 * 1024);
        match answer(upload.body(vec![b'x'; LOOK_UPLOAD])).await {
            Ok(refused) if refused.error_code().is_some() => {
                self.found.right(format!("a file of {mib} MiB reaches the server"));
            }
            Ok(other) if other.status == 413 => self.found.wrong(
                format!("the proxy takes no file of {mib} MiB: {}", other.shown()),
                "let it take PARLOR_ATTACHMENT_BYTES (25 MiB): client_max_body_size in nginx",
            ),
            Ok(other) => self.found.doubtful(
                format!("an upload of {mib} MiB is not answered by the server: {}", other.shown()),
                "the proxy has to pass bodies of PARLOR_ATTACHMENT_BYTES on",
            ),
            Err(why) => self.found.doubtful(
                format!("an upload of {mib} MiB ends without an answer: {why}"),
                "the proxy has to pass bodies of PARLOR_ATTACHMENT_BYTES on, as they come",
            ),
        }
    }

    async fn rest_from(&mut self, origin: &str) {
        let asked = self.target.request(Method::OPTIONS, "/api/v1/rooms");
        let asked = asked
            .header(ORIGIN, origin)
            .header(ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type");
        let advice = "add it to PARLOR_ALLOWED_ORIGINS; if it is there, the proxy answers OPTIONS \
                      itself";
        match answer(asked).await {
            Ok(told) => {
                let allowed = told.header(ACCESS_CONTROL_ALLOW_ORIGIN);
                match allowed.is_some_and(|allowed| allowed == "*" || allowed == origin) {
                    true => self.found.right(format!("pages of {origin} may call REST")),
                    false => self.found.wrong(
                        format!("pages of {origin} may not call REST: {}", told.shown()),
                        advice,
                    ),
                }
            }
            Err(why) => {
                self.found.wrong(format!("pages of {origin} cannot call REST: {why}"), advice);
            }
        }
    }
}

fn goes_to_https(answer: &Answer) -> bool {
    (300..400).contains(&answer.status)
        && answer.header(LOCATION).is_some_and(|to| to.starts_with("https://"))
}

/// What it is that is not Parlor, and what to do.
fn stranger(answer: &Answer, target: &Target) -> (String, String) {
    let (url, shown) = (&target.url, answer.shown());
    if let (300..400, Some(to)) = (answer.status, answer.header(LOCATION)) {
        return (
            format!("{url} leads to {to}"),
            "give the address that it leads to: clients of the socket follow nowhere".to_owned(),
        );
    }
    if answer.json().is_some_and(|json| json["error"]["code"] != Value::Null) {
        return (
            format!("Parlor answers, but not below this path: {shown}"),
            format!(
                "have the proxy take {} away before it passes a request on (docs/PROXIES.md)",
                url.path()
            ),
        );
    }
    let advice = match answer.status {
        502..=504 => {
            "a proxy answers, and does not reach Parlor: is the server running, and is \
                      it the address in the proxy's settings?"
        }
        401 | 403 => "a proxy answers, and wants a sign-in of its own: except Parlor from that",
        _ => "is it the right host and path, and does the proxy pass all of it to Parlor?",
    };
    (format!("what answers at {url} is not Parlor: {shown}"), advice.to_owned())
}
