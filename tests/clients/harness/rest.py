"""HTTPS requests at a hub, without a client library in between."""
import http.client
import json
import ssl

VERSION = "?api-version=2021-04-12"


class Rest:
    def __init__(self, hub):
        self.hub, self.context = hub, ssl.create_default_context(cafile=hub.ca)

    def call(self, method, path, body=None, token=None, **headers):
        """(status, error code or None, parsed body)"""
        connection = http.client.HTTPSConnection(self.hub.hostname, self.hub.https_port, timeout=15, context=self.context)
        headers = {"Authorization": token or self.hub.policy_token("iothubowner"), **{k.replace("_", "-"): v for k, v in headers.items()}}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, answer.getheader("iothub-errorcode"), json.loads(text) if text else None
