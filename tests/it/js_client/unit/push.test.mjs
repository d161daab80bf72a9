// Devices, quiet times, and a browser that is subscribed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Parlor, memoryStore } from "../client/parlor.js";
import { client } from "../online.mjs";

const SETTINGS = { web: { public_key: "KEY" }, fcm: false, apns: true };

/** What is asked over REST, and answered by this. */
function asking(t, answers = {}) {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (url, { method, body }) => {
    const call = `${method} ${url.replace("http://server/api/v1", "")}`;
    asked.push(body ? [call, JSON.parse(body)] : [call]);
    return method === "DELETE" ? new Response(null, { status: 204 }) : Response.json(answers[call] ?? {});
  });
  return asked;
}

const fault = (name) => Object.assign(new Error(name), { name });

/** What a browser has of a service worker: `key` is of the subscription that there is. */
function registrationOf({ key = null, refuses = null, worker = { active: {} } } = {}) {
  const did = [];
  let has = key;
  const subscription = () => ({
    toJSON: () => ({ endpoint: `https://push/${has}`, expirationTime: null, keys: { p256dh: "P", auth: "A" } }),
    unsubscribe: async () => { did.push(`unsubscribe ${has}`); has = null; return true; },
  });
  return {
    did, ...worker,
    pushManager: {
      getSubscription: async () => (has ? subscription() : null),
      subscribe: async ({ userVisibleOnly, applicationServerKey: wanted }) => {
        assert.equal(userVisibleOnly, true);
        if (refuses) throw fault(refuses);
        if (has && has !== wanted) throw fault("InvalidStateError");
        has = wanted;
        did.push(`subscribe ${wanted}`);
        return subscription();
      },
    },
  };
}

test("devices and quiet times are asked for over REST", async (t) => {
  const { parlor } = await client();
  const device = { device_id: "d/1", service: "fcm", registered_at: "2026" };
  const asked = asking(t, { "GET /devices": { devices: [device] }, "PUT /devices/d%2F1": device });
  assert.deepEqual(await parlor.devices(), [device]);
  assert.deepEqual(await parlor.registerDevice({ device_id: "d/1", fcm: { token: "T" } }), device);
  await parlor.removeDevice("d/1");
  t.mock.method(Date.prototype, "getTimezoneOffset", () => -120);
  await parlor.setQuietTime({ from: "22:00", until: "07:00" });
  await parlor.setQuietTime({ from: "22:00", until: "07:00", utc_offset_minutes: 0 });
  await parlor.clearQuietTime();
  assert.deepEqual(asked, [
    ["GET /devices"], ["PUT /devices/d%2F1", { fcm: { token: "T" } }], ["DELETE /devices/d%2F1"],
    ["PUT /push/quiet", { from: "22:00", until: "07:00", utc_offset_minutes: 120 }],
    ["PUT /push/quiet", { from: "22:00", until: "07:00", utc_offset_minutes: 0 }], ["DELETE /push/quiet"],
  ]);
  parlor.close();
});

test("a browser is subscribed with the server's key, and again with the next one", async (t) => {
  const { parlor } = await client();
  const asked = asking(t, { "GET /push": SETTINGS });
  const registered = ["PUT /devices/d", { web: { endpoint: "https://push/KEY", p256dh: "P", auth: "A" } }];
  for (const [key, did] of [
    [null, ["subscribe KEY"]], ["KEY", ["subscribe KEY"]], ["OLD", ["unsubscribe OLD", "subscribe KEY"]],
  ]) {
    const registration = registrationOf({ key });
    await parlor.subscribeToPush(registration, { deviceId: "d" });
    assert.deepEqual(registration.did, did);
    assert.deepEqual(asked.splice(0), [["GET /push"], registered]);
  }
  const registration = registrationOf({ key: "KEY" });
  await parlor.unsubscribeFromPush(registration, { deviceId: "d" });
  assert.deepEqual([registration.did, asked], [["unsubscribe KEY"], [["DELETE /devices/d"]]]);
  parlor.close();
});

test("a worker that is being installed is waited for", async (t) => {
  const { parlor } = await client();
  asking(t, { "GET /push": SETTINGS });
  for (const [state, code] of [["activated", null], ["redundant", "push_failed"]]) {
    const installing = Object.assign(new EventTarget(), { state: "installing" });
    const registration = registrationOf({ worker: { installing } });
    const done = parlor.subscribeToPush(registration, { deviceId: "d" }).then(() => null, (error) => error.code);
    await new Promise((resolve) => { setTimeout(resolve, 10); });
    for (const next of ["installed", state]) {
      assert.deepEqual(registration.did, []);
      installing.state = next;
      installing.dispatchEvent(new Event("statechange"));
    }
    assert.equal(await done, code);
  }
  parlor.close();
});

test("why a browser is not subscribed is said by a code", async (t) => {
  const { parlor } = await client();
  const settings = { ...SETTINGS };
  asking(t, { "GET /push": settings });
  const codeOf = (of) => parlor.subscribeToPush(registrationOf(of), { deviceId: "d" }).catch(({ code }) => code);
  assert.equal(await codeOf({ refuses: "NotAllowedError" }), "push_denied");
  assert.equal(await codeOf({ refuses: "AbortError" }), "push_failed");
  assert.equal(await codeOf({ refuses: "InvalidStateError" }), "push_failed");
  settings.web = null;
  assert.equal(await codeOf(), "push_off");
  parlor.close();
});

test("a device is told nothing more when its user signs out there", async (t) => {
  const asked = asking(t);
  for (const given of [{ deviceId: "d" }, undefined]) {
    const store = memoryStore({ access: "a", refresh: "r", user: { id: "ann", name: "Ann" } });
    await new Parlor({ base: "http://server", store }).logout(given);
  }
  assert.deepEqual(asked, [
    ["POST /auth/logout", { refresh_token: "r", device_id: "d" }], ["POST /auth/logout", { refresh_token: "r" }],
  ]);
});
