"""Reads requests of Web Push as a browser and its push service do, with libraries
that know nothing of Parlor. From stdin the browser's keys and the requests, to
stdout what they say."""

import base64
import json
import re
import sys
from urllib.parse import urlsplit

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def payload(one, browser):
    body = base64.b64decode(one["body"])
    assert len(body) <= 4096, len(body)
    private = load_der_private_key(base64.b64decode(browser["private"]), None)
    secret = from_base64url(browser["auth"])
    plain = http_ece.decrypt(body, private_key=private, auth_secret=secret, version="aes128gcm")
    return json.loads(plain)


def vapid(one, browser):
    """RFC 8292: the token is for the origin of the endpoint, and signed with the key that
    browsers were told."""
    fields = re.fullmatch(r"vapid t=([\w.-]+), k=([\w-]+)", one["authorization"])
    assert fields, one["authorization"]
    token, key = fields.groups()
    assert key == browser["public_key"], key
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64url(key))
    url = urlsplit(browser["endpoint"])
    origin = f"{url.scheme}://{url.netloc}"
    required = {"require": ["exp", "aud", "sub"]}
    claims = jwt.decode(token, point, algorithms=["ES256"], audience=origin, options=required)
    return claims


browser = json.load(sys.stdin)
json.dump(
    [{"payload": payload(one, browser), "vapid": vapid(one, browser)} for one in browser["asked"]],
    sys.stdout,
)
