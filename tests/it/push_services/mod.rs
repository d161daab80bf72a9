//! Push services are told what they take, and their answers are understood: against
//! stand-ins that check what the real ones do.

mod apple;
mod browsers;
mod firebase;

use std::time::Duration;

use parlor::push::{Endpoints, PushConfig, Sent, Services, VapidKeys, WebPushConfig};
use parlor_domain::{DeviceAddress, MessageId, PushAlert, PushNote, RoomId, Seq, Timestamp};

use crate::support::Subscriber;

const DEVICE: &str = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let ms = since.expect("after 1970").as_millis();
    Timestamp(i64::try_from(ms).expect("before the end of time"))
}

fn note(body: &str) -> PushNote {
    PushNote {
        room: RoomId::from_stored("design"),
        thread: None,
        message: Some(MessageId(91)),
        seq: Seq(7),
        badge: 3,
        alert: Some(PushAlert { title: "Ann".into(), body: body.into() }),
    }
}

fn silent() -> PushNote {
    PushNote { alert: None, badge: 0, ..note("") }
}

fn fcm_device(token: &str) -> DeviceAddress {
    DeviceAddress::Fcm { token: token.into() }
}

fn apns_device(token: &str) -> DeviceAddress {
    DeviceAddress::Apns { token: token.into() }
}

fn browser(subscriber: &Subscriber) -> DeviceAddress {
    DeviceAddress::Web {
        endpoint: subscriber.endpoint.as_str().into(),
        p256dh: subscriber.p256dh.as_str().into(),
        auth: subscriber.auth.as_str().into(),
    }
}

fn nothing() -> PushConfig {
    PushConfig { web: None, fcm: None, apns: None, timeout: Duration::from_secs(60) }
}

fn again(after: Option<u64>, error: &str) -> Sent {
    Sent::Again { after: after.map(Duration::from_secs), error: error.to_owned() }
}

fn refused(sent: Sent) -> String {
    match sent {
        Sent::Refused { error } => error,
        other => panic!("{other:?}"),
    }
}

fn for_browsers(endpoints: Endpoints) -> Services {
    let web = WebPushConfig { contact: "mailto:chat@example.org".into(), endpoints };
    let keys = VapidKeys::read(&VapidKeys::generate()).expect("a key");
    Services::new(PushConfig { web: Some(web), ..nothing() }, Some(keys))
}

#[tokio::test]
async fn what_is_not_set_up_is_told() {
    let services = Services::new(nothing(), None);
    let all = [fcm_device("a:b"), apns_device(DEVICE), browser(&Subscriber::new("https://a.b/"))];
    for address in all {
        assert!(!services.has(&address));
        let error = refused(services.send(&address, &note("x"), now()).await);
        assert_eq!(error, "its push service is not set up");
    }
    assert_eq!(services.public_key(), None);
    assert!(for_browsers(Endpoints::Public).public_key().is_some_and(|key| key.len() == 87));
}
