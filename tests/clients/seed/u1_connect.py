"""Usage 1: a service client connects and authenticates with SASL PLAIN, as the URI of a send client and of a receive client."""
import urllib.parse

import uamqp

from harness.hub import Hub, expect, main
from harness.uamqp_links import uri


def connect(hub, policy_name, sas_token):
    hostname = hub.hostname
    username = "{policy_name}@sas.root.{iot_hub_name}".format(iot_hub_name=hub.name, policy_name=policy_name)

    operation = "/messages/devicebound"
    send_uri = "amqps://{}:{}@{}{}".format(urllib.parse.quote_plus(username), urllib.parse.quote_plus(sas_token), hostname, operation)
    send_client = uamqp.SendClient(send_uri, debug=True)
    send_client.open()
    while not send_client.client_ready():
        pass
    send_client.close()

    operation = "/messages/serviceBound/feedback"
    receive_client = uamqp.ReceiveClient(uri(hostname, username, sas_token, operation), debug=True)
    receive_client.open()
    while not receive_client.client_ready():
        pass
    receive_client.close()


def test():
    with Hub(well_known_ports=True) as hub:
        connect(hub, "service", hub.policy_token("service"))
        connect(hub, "iothubowner", hub.policy_token("iothubowner"))
        try:
            connect(hub, "service", hub.policy_token("service", expiry=1))
            expect(False, "the hub let an expired token in")
        except uamqp.errors.AMQPConnectionError as error:
            refused = error
    return f"uAMQP's send and receive clients connect with SASL PLAIN as two policies; an expired token gets {type(refused).__name__}"


main(test)
