//! Say where one is told of what one has not read while one is away.

use std::sync::Arc;

use parlor_domain::{
    Device, DeviceAddress, DeviceId, PlainText, Timestamp, UserKey,
    limits::{DEVICES_PER_USER, PUSH_ENDPOINT_BYTES},
};
use parlor_macros::each_backend;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Anywhere, Asked, ChatError, ChatServer, Operation, Requester, Shown};
use crate::{
    clock::now,
    db::{Concern, Conn, Effects, Write, Written, on},
    protocol::{DeviceView, Refusal, Rules},
    push::Services,
};

/// Registers a device, or says anew where it is: one of `web`, `fcm` and `apns`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RegisterDevice {
    device_id: DeviceId,
    web: Option<WebSubscription>,
    fcm: Option<DeviceToken>,
    apns: Option<DeviceToken>,
}

/// What the browser gives of its subscription.
#[derive(Deserialize, JsonSchema)]
struct WebSubscription {
    #[schemars(length(max = PUSH_ENDPOINT_BYTES))]
    endpoint: PlainText,
    /// Its public key: a point of P-256, in base64url.
    p256dh: PlainText,
    /// Its secret: 16 bytes, in base64url.
    auth: PlainText,
}

#[derive(Deserialize, JsonSchema)]
struct DeviceToken {
    token: PlainText,
}

/// Without what nobody else may know.
macro_rules! without_secrets {
    ($($name:ident),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

without_secrets!(WebSubscription, DeviceToken, Registering);

impl RegisterDevice {
    fn address(&self) -> Result<DeviceAddress, Refusal> {
        let token = |token: &DeviceToken| token.token.0.clone();
        match (&self.web, &self.fcm, &self.apns) {
            (Some(WebSubscription { endpoint, p256dh, auth }), None, None) => {
                let [endpoint, p256dh, auth] = [endpoint, p256dh, auth].map(|text| text.0.clone());
                Ok(DeviceAddress::Web { endpoint, p256dh, auth })
            }
            (None, Some(fcm), None) => Ok(DeviceAddress::Fcm { token: token(fcm) }),
            (None, None, Some(apns)) => Ok(DeviceAddress::Apns { token: token(apns) }),
            _ => Err(Refusal::field("web", "or one of fcm and apns is required, and no other")),
        }
    }
}

impl Operation for RegisterDevice {
    type Answer = Device;
    type Place = Anywhere;

    fn place(&self) {}

    fn check(&mut self, _: &Rules) -> Result<(), Refusal> {
        self.address().map(drop)
    }

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, Asked { from, reply, .. }: Asked<Self>, server: &mut ChatServer) {
        let Ok(address) = self.address() else {
            return server.answer(reply, Err(ChatError::Internal));
        };
        let push = &server.settings.push;
        if !push.has(&address) {
            return server.answer(reply, Err(ChatError::PushOff(address.service())));
        }
        if let Err(bad) = push.check(&address) {
            return server.answer(reply, Err(ChatError::BadAddress(bad)));
        }
        let lane = Services::lane(&address);
        let (user, device, via) = (from.user.key, self.device_id, from.via.revocation_id());
        let write = Registering { user, device, address, lane, via, at: now() };
        server.write_for(reply, write, |server, reply, device| server.answer(reply, Ok(device)));
    }
}

/// Nothing more is told to a device.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RemoveDevice {
    device_id: DeviceId,
}

impl Operation for RemoveDevice {
    type Answer = ();
    type Place = Anywhere;

    fn place(&self) {}

    fn allowed(&self, _: &Requester, _: &Anywhere) -> Result<(), ChatError> {
        Ok(())
    }

    fn run(self, Asked { from, reply, .. }: Asked<Self>, server: &mut ChatServer) {
        let write = Removing { user: from.user.key, device: self.device_id };
        server.write_for(reply, write, |server, reply, ()| server.answer(reply, Ok(())));
    }
}

impl Shown for Device {
    type View<'a> = DeviceView<'a>;

    fn view(&self) -> DeviceView<'_> {
        DeviceView::from(self)
    }
}

#[derive(Clone)]
struct Registering {
    user: UserKey,
    device: DeviceId,
    address: DeviceAddress,
    /// By whom it is told.
    lane: String,
    via: Option<Arc<str>>,
    at: Timestamp,
}

impl Write for Registering {
    type Outcome = Device;

    /// Two who say the same address follow each other.
    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user), Concern::name("device", self.address.as_str())]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<Device> {
        on!(conn, register, self)
    }

    fn effects(&self, _: &Device, _: &mut Effects) {}
}

#[derive(Clone, Debug)]
struct Removing {
    user: UserKey,
    device: DeviceId,
}

impl Write for Removing {
    type Outcome = ();

    fn concerns(&self) -> Vec<Concern> {
        vec![Concern::User(self.user)]
    }

    fn run(&self, conn: &mut Conn<'_>) -> Written<()> {
        on!(conn, remove, self)
    }

    fn effects(&self, (): &(), _: &mut Effects) {}
}

#[each_backend]
mod backend {
    use diesel::{
        BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult,
        RunQueryDsl,
    };

    use super::{
        DEVICES_PER_USER, Device, DeviceAddress, Registering, Removing, Timestamp, UserKey, Written,
    };
    use parlor_db::{backend::Conn, schema::devices, write::device::backend as shared};

    /// A device that is somewhere else than before shows nothing of what it was told there;
    /// and an address that another one had is this one's: somebody else has signed in.
    pub(super) fn register(conn: &mut Conn, new: &Registering) -> Written<Device> {
        let Registering { user, device, address, lane, via, at } = new;
        let service = address.service();
        let holder = devices::table
            .filter(
                devices::service.eq(service.as_str()).and(devices::address.eq(address.as_str())),
            )
            .select((devices::user_key, devices::id, devices::told_at));
        let holder = holder.first::<(i64, String, Option<i64>)>(conn).optional()?;
        let said = (
            devices::p256dh.eq(keys(address).map(|(p256dh, _)| p256dh)),
            devices::auth.eq(keys(address).map(|(_, auth)| auth)),
            devices::registered_at.eq(at.0),
            devices::via.eq(via.as_deref()),
        );
        let is_same = |key: i64, id: &str| key == user.0 && id == device.as_str();
        let told_at = match holder {
            Some((key, id, told_at)) if is_same(key, &id) => {
                let row = devices::table.find((user.0, device.as_str()));
                diesel::update(row).set(said).execute(conn)?;
                told_at.map(Timestamp)
            }
            other => {
                if let Some((key, id, _)) = other {
                    shared::forget(conn, UserKey(key), &id)?;
                }
                shared::forget(conn, *user, device.as_str())?;
                let place = (
                    devices::user_key.eq(user.0),
                    devices::id.eq(device.as_str()),
                    devices::service.eq(service.as_str()),
                    devices::lane.eq(lane),
                    devices::address.eq(address.as_str()),
                );
                diesel::insert_into(devices::table).values((place, said)).execute(conn)?;
                forget_oldest(conn, *user)?;
                None
            }
        };
        Ok(Device { id: device.clone(), service, registered_at: *at, told_at })
    }

    /// What only a browser has.
    fn keys(address: &DeviceAddress) -> Option<(&str, &str)> {
        match address {
            DeviceAddress::Web { p256dh, auth, .. } => Some((p256dh, auth)),
            DeviceAddress::Fcm { .. } | DeviceAddress::Apns { .. } => None,
        }
    }

    fn forget_oldest(conn: &mut Conn, user: UserKey) -> QueryResult<()> {
        let beyond = devices::table
            .filter(devices::user_key.eq(user.0))
            .order((devices::registered_at.desc(), devices::id))
            .offset(DEVICES_PER_USER)
            .limit(DEVICES_PER_USER)
            .select(devices::id)
            .load::<String>(conn)?;
        for id in beyond {
            shared::forget(conn, user, &id)?;
        }
        Ok(())
    }

    pub(super) fn remove(conn: &mut Conn, removing: &Removing) -> Written<()> {
        shared::forget(conn, removing.user, removing.device.as_str())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use parlor_db::{
        BanUser, DeactivateUser, EraseUser, RevokeToken, RevokeUser,
        samples::{AT, Bench},
    };
    use parlor_domain::{SignIn, User};

    use super::*;

    fn registering(user: &User, device: &str, token: &str, at: i64) -> Registering {
        Registering {
            user: user.key,
            device: DeviceId::from_stored(device),
            address: DeviceAddress::Fcm { token: token.into() },
            lane: "fcm".to_owned(),
            via: None,
            at: Timestamp(at),
        }
    }

    async fn devices(bench: &Bench, user: &User) -> Vec<String> {
        let devices = bench.database.reader.devices(user.key).await.expect("read");
        devices.iter().map(|device| device.id.to_string()).collect()
    }

    #[actix::test]
    async fn an_address_is_one_devices_and_the_longest_unregistered_device_goes() {
        let bench = Bench::new();
        let (ann, ben) = (bench.user("ann"), bench.user("ben"));
        let register = |user: &User, device: &str, token: &str, at| {
            bench.one(registering(user, device, token, at)).expect("registered")
        };
        register(&ann, "phone", "t-1", 1);
        register(&ann, "phone", "t-2", 2);
        register(&ben, "phone", "t-1", 3);
        assert_eq!(devices(&bench, &ann).await, ["phone"]);
        // Somebody else has signed in on a shared phone.
        register(&ben, "tablet", "t-2", 4);
        assert_eq!(devices(&bench, &ann).await, [""; 0]);
        assert_eq!(devices(&bench, &ben).await, ["tablet", "phone"]);
        for n in 0..DEVICES_PER_USER - 1 {
            register(&ben, &format!("d{n}"), &format!("u-{n}"), 10 + n);
        }
        register(&ben, "phone", "t-1", 100);
        let of_ben = devices(&bench, &ben).await;
        assert_eq!(of_ben.len(), 10);
        assert!(of_ben[0] == "phone" && !of_ben.contains(&"tablet".to_owned()), "{of_ben:?}");
        let removing = Removing { user: ben.key, device: DeviceId::from_stored("phone") };
        bench.one(removing.clone()).expect("removed");
        bench.one(removing).expect("nothing more to remove");
        assert_eq!(devices(&bench, &ben).await.len(), 9);
    }

    #[actix::test]
    async fn devices_go_with_what_their_user_was_let_in_with() {
        let bench = Bench::new();
        let ann = bench.user("ann");
        let sign_ins = [SignIn(1), SignIn(2)];
        let register = || {
            for (n, via) in (0..).zip(sign_ins.map(SignIn::revocation_id)) {
                let via = Some(via);
                let new = registering(&ann, &format!("d{n}"), &format!("t-{n}"), n);
                bench.one(Registering { via, ..new }).expect("registered");
            }
        };
        register();
        let (id, user) = (sign_ins[0].revocation_id(), ann.key);
        bench.one(RevokeToken { id, expires_at: Timestamp(9_999), at: AT }).expect("revoked");
        assert_eq!(devices(&bench, &ann).await, ["d1"]);
        register();
        bench.one(RevokeUser { user, keeps: Some(sign_ins[0]), at: AT }).expect("revoked");
        assert_eq!(devices(&bench, &ann).await, ["d0"]);
        let (until, reason) = (None, Arc::from(""));
        let ban = BanUser { user, banned: true, until, reason };
        register();
        bench.one(ban.clone()).expect("banned");
        assert_eq!(devices(&bench, &ann).await, [""; 0]);
        bench.one(BanUser { banned: false, ..ban }).expect("not banned any more");
        register();
        bench.one(DeactivateUser { user, since: Some(AT) }).expect("deactivated");
        assert_eq!(devices(&bench, &ann).await, [""; 0]);
        register();
        bench.one(EraseUser { user, at: AT }).expect("deleted");
        assert_eq!(bench.count("devices"), 0);
    }

    #[test]
    fn a_device_is_told_by_one_service() {
        let read = |more: serde_json::Value| {
            let mut fields = serde_json::json!({"device_id": "phone"});
            fields
                .as_object_mut()
                .expect("an object")
                .extend(more.as_object().expect("one").clone());
            let device: RegisterDevice = serde_json::from_value(fields).expect("fields");
            device.address().map_err(|refusal| refusal.field.unwrap_or_default().into_owned())
        };
        let token = serde_json::json!({"token": "0a"});
        let fcm = read(serde_json::json!({"fcm": token}));
        assert_eq!(fcm, Ok(DeviceAddress::Fcm { token: "0a".into() }));
        for bad in [serde_json::json!({}), serde_json::json!({"fcm": token, "apns": token})] {
            assert_eq!(read(bad), Err("web".to_owned()));
        }
    }
}
