"""Usage 4: a service client reads telemetry: it is redirected from the hub, then reads with a filter and without."""
import uamqp

from harness.event_reader import EventReader
from harness.hub import Hub, expect, expect_equal, main, until
from harness.uamqp_links import annotation, device_uri, payload, send, service_uri

SENT = 8


# Helper function to set the filtering predicate on the source URI
def set_endpoint_filter(uri, endpoint_filter=b""):
    source_uri = uamqp.address.Source(uri)
    if endpoint_filter:
        source_uri.set_filter(endpoint_filter)
    return source_uri


def read(hub, partition, endpoint_filter, wanted):
    policy_name = "service"
    access_key = hub.policy_key(policy_name)
    operation = "/messages/events/ConsumerGroups/{consumer_group}/Partitions/{p_id}".format(consumer_group="$Default", p_id=partition)
    uri = service_uri(hub, operation)

    receive_client = uamqp.ReceiveClient(set_endpoint_filter(uri, endpoint_filter), debug=True)
    try:
        receive_client.receive_message_batch(max_batch_size=5)
        expect(False, "the hub answered without a redirect")
    except uamqp.errors.LinkRedirect as redirect:
        # Once a redirect error is received, close the original client and recreate a new one to the re-directed address
        receive_client.close()

        address = redirect.address.decode()  # bytes on Python 3, which from_shared_access_key does not take
        sas_auth = uamqp.authentication.SASTokenAuth.from_shared_access_key(address, policy_name, access_key)
        receive_client = uamqp.ReceiveClient(set_endpoint_filter(address, endpoint_filter), auth=sas_auth, debug=True)

    # Start receiving messages in batches
    received = []

    def all_there():
        received.extend(receive_client.receive_message_batch(max_batch_size=5, timeout=1000))
        return len(received) >= wanted

    until(all_there, 30, f"{wanted} events from the position {endpoint_filter}")
    receive_client.close()
    return received


def numbers(messages):
    return [annotation(message, "x-opt-sequence-number") for message in messages]


def test():
    with Hub(well_known_ports=True) as hub:
        device = hub.create_device("u4")
        target = device_uri(device, device.address("messages/events"))
        send(target, *(uamqp.Message(b"event %d" % n) for n in range(SENT)))

        with EventReader(hub) as reader:
            partition = next(partition for partition, found in reader.read_all().items() if found)
        everything = read(hub, partition, None, SENT)
        expect_equal([payload(message) for message in everything], [b"event %d" % n for n in range(SENT)], "bodies without a filter")
        expect_equal(numbers(everything), list(range(SENT)), "sequence numbers")
        for message in everything:
            expect_equal(annotation(message, "iothub-connection-device-id"), b"u4", "iothub-connection-device-id")
            expect(annotation(message, "x-opt-enqueued-time"), "x-opt-enqueued-time is missing")

        offset, time = (annotation(everything[2], name) for name in ("x-opt-offset", "x-opt-enqueued-time"))
        for predicate, wanted in (
                (b"amqp.annotation.x-opt-sequence-number > 2", everything[3:]),
                (b"amqp.annotation.x-opt-sequence-number >= '2'", everything[2:]),
                (b"amqp.annotation.x-opt-offset > '%s'" % offset, everything[3:]),
                (b"amqp.annotation.x-opt-offset > '-1'", everything),
                (b"amqp.annotation.x-opt-enqueued-time > %d" % (time - 1), [m for m in everything
                                                                              if annotation(m, "x-opt-enqueued-time") > time - 1])):
            expect_equal(numbers(read(hub, partition, predicate, len(wanted))), numbers(wanted), f"filter {predicate.decode()}")
    return f"after the redirect, {SENT} events of one device from partition {partition}, from the start and from five filtered positions"


main(test)
