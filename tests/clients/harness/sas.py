"""Shared access signatures, written from the published description so that the tests do not lean on the hub's own code."""
import base64
import hashlib
import hmac
import time
from urllib.parse import quote_plus


def token(resource, key, policy=None, expiry=None, key_is_text=False):
    """The token for `resource`. Event Hubs clients sign with the key's text, IoT Hub clients with the decoded key."""
    expiry = int(expiry if expiry is not None else time.time() + 3600)
    resource = quote_plus(resource)
    secret = key.encode() if key_is_text else base64.b64decode(key)
    digest = hmac.new(secret, f"{resource}\n{expiry}".encode(), hashlib.sha256).digest()
    text = f"SharedAccessSignature sr={resource}&sig={quote_plus(base64.b64encode(digest))}&se={expiry}"
    return text + (f"&skn={policy}" if policy else "")
