//! The push services of browsers.

use std::sync::Arc;

use parlor::push::{BadAddress, Endpoints, Sent, Services};
use parlor_domain::limits::WEB_PUSH_EACH;

use super::{again, browser, for_browsers, note, now, refused, silent};
use crate::support::{Receiver, Reply, Subscriber, within};

#[tokio::test]
#[ignore = "needs http_ece and PyJWT: run scripts/test"]
async fn a_browser_is_told_what_only_it_can_read() {
    let services = for_browsers(Endpoints::Any);
    let public_key = services.public_key().expect("there is one").to_owned();
    let receiver = Receiver::start().await;
    receiver.answer(Reply::Body(201, String::new()));
    let subscriber = Subscriber::new(&format!("{}/push/abc?x=1", receiver.url));
    let address = browser(&subscriber);
    assert_eq!(services.check(&address), Ok(()));
    let long = "🦀\"ä\n".repeat(3_000);
    for note in [note("hello"), note(&long), silent()] {
        assert_eq!(services.send(&address, &note, now()).await, Sent::Done);
    }
    let received = receiver.received();
    assert!(received.iter().all(|asked| asked.line == "POST /push/abc?x=1"));
    let told = subscriber.read(&received, &public_key).await;
    let [hello, long_one, silent] = &told[..] else { panic!("{told:?}") };
    let expected = serde_json::json!({
        "room_id": "design", "message_id": "91", "seq": 7, "badge": 3,
        "title": "Ann", "body": "hello",
    });
    assert_eq!(hello.payload, expected);
    let body = long_one.payload["body"].as_str().expect("a text");
    assert!(body.ends_with('…') && long.starts_with(body.trim_end_matches('…')));
    assert!(body.len() > 3_000, "it is cut no shorter than it has to be");
    assert!(silent.payload.get("title").is_none() && silent.payload["badge"] == 0);
    assert_eq!((hello.urgency.as_str(), silent.urgency.as_str()), ("high", "low"));
    assert_eq!(hello.topic, silent.topic, "it replaces what waits");
    assert_eq!(hello.ttl, "86400");
    assert_eq!(hello.vapid["sub"], "mailto:chat@example.org");
    let lifetime = hello.vapid["exp"].as_i64().expect("a time") - now().0 / 1000;
    assert!((1..=12 * 3_600).contains(&lifetime), "{lifetime}");
}

#[tokio::test]
async fn what_a_browsers_service_answers_says_what_becomes_of_it() {
    let services = for_browsers(Endpoints::Any);
    let receiver = Receiver::start().await;
    let address = browser(&Subscriber::new(&receiver.url));
    let slow = "HTTP/1.1 429 X\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n".to_owned();
    let elsewhere = Receiver::start().await;
    let answered = |status: u16| format!("the push service of the browser answered {status}");
    for (reply, expected) in [
        (Reply::Body(404, String::new()), Sent::Gone),
        (Reply::Body(410, String::new()), Sent::Gone),
        (Reply::Raw(slow), again(Some(7), &answered(429))),
        (Reply::Body(500, String::new()), again(None, &answered(500))),
        (Reply::Body(413, "secret".to_owned()), Sent::Refused { error: answered(413) }),
        (Reply::Redirect(elsewhere.url.clone()), Sent::Refused { error: answered(307) }),
    ] {
        receiver.answer(reply);
        assert_eq!(services.send(&address, &note("x"), now()).await, expected);
    }
    assert!(elsewhere.received().is_empty(), "it is not followed");
    receiver.answer(Reply::HangUp);
    let sent = services.send(&address, &note("x"), now()).await;
    assert!(matches!(sent, Sent::Again { after: None, .. }), "{sent:?}");
}

#[tokio::test]
async fn browsers_cannot_name_what_only_this_machine_can_reach() {
    let services = for_browsers(Endpoints::Public);
    let receiver = Receiver::start().await;
    for (endpoint, bad) in [
        (receiver.url.clone(), BadAddress::Endpoint),
        (receiver.url.replace("http:", "https:"), BadAddress::PrivateEndpoint),
        ("https://[::1]/push".to_owned(), BadAddress::PrivateEndpoint),
        ("https://169.254.169.254/latest".to_owned(), BadAddress::PrivateEndpoint),
    ] {
        let address = browser(&Subscriber::new(&endpoint));
        assert_eq!(services.check(&address), Err(bad), "{endpoint}");
        // One that was registered when it was allowed.
        let error = refused(services.send(&address, &note("x"), now()).await);
        assert_eq!(error, bad.to_string());
    }
    // A name says only when it is looked up where it leads.
    let address = browser(&Subscriber::new("https://localhost:1/push"));
    let sent = services.send(&address, &note("x"), now()).await;
    assert!(matches!(&sent, Sent::Again { error, .. } if error.contains("private")), "{sent:?}");
    assert!(receiver.received().is_empty());
}

#[tokio::test]
async fn a_push_service_that_hangs_takes_no_place_of_another() {
    let services = Arc::new(for_browsers(Endpoints::Any));
    let (hangs, works) = (Receiver::start().await, Receiver::start().await);
    hangs.answer(Reply::Silence);
    let address = browser(&Subscriber::new(&hangs.url));
    let waiting: Vec<_> = (0..WEB_PUSH_EACH * 2)
        .map(|_| {
            let (services, address) = (services.clone(), address.clone());
            tokio::spawn(async move { services.send(&address, &note("x"), now()).await })
        })
        .collect();
    hangs.wait_until("its places are taken", |all| all.len() == WEB_PUSH_EACH).await;
    let other = browser(&Subscriber::new(&works.url));
    let sent = within("the other", services.send(&other, &note("x"), now())).await;
    assert_eq!(sent, Sent::Done);
    assert_eq!(hangs.received().len(), WEB_PUSH_EACH, "no more than its own");
    assert_eq!(Services::lane(&other), works.url.trim_start_matches("http://"));
    waiting.iter().for_each(|task| task.abort());
}
