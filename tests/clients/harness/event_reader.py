"""Reads the event-hub-compatible endpoint with Qpid Proton: what is in a partition, from its first event to its last."""
import proton

from .proton_links import LIMIT, FromPosition, RequestLinks, connect

CREDIT = 500


class EventReader:
    def __init__(self, hub):
        endpoint = hub.event_hub()
        self.entity = endpoint["EntityPath"]
        self.connection = connect(hub, endpoint["SharedAccessKeyName"], endpoint["SharedAccessKey"])
        self.management = None  # its links, once they are needed

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def manage(self, kind, **more):
        """One READ of $management: the map that it answers with."""
        self.management = self.management or RequestLinks(self.connection, "$management")
        reply = self.management.ask({"operation": "READ", "type": f"com.microsoft:{kind}", "name": self.entity, **more})
        status = reply.properties["status-code"]
        assert status == 200, f"$management answered {status} {reply.properties.get('status-description')}"
        return reply.body

    def partitions(self):
        return list(self.manage("eventhub")["partition_ids"].elements)

    def read(self, partition, after=-1, count=None):
        """The messages of `partition` behind sequence number `after`: all there are now, or the next `count`."""
        if count is None:
            last = self.manage("partition", partition=partition)["last_enqueued_sequence_number"]
            first = self.manage("partition", partition=partition)["begin_sequence_number"]
            count = max(0, last - max(after, first - 1))
        address = f"{self.entity}/ConsumerGroups/$Default/Partitions/{partition}"
        position = f"amqp.annotation.x-opt-sequence-number > '{after}'"
        receiver = self.connection.create_receiver(address, credit=CREDIT, options=FromPosition(position))
        messages = [receiver.receive(timeout=LIMIT) for _ in range(count)]
        receiver.close()
        return messages

    def read_all(self):
        """{partition: its messages}"""
        return {partition: self.read(partition) for partition in self.partitions()}


def sequence_number(message):
    return message.annotations[proton.symbol("x-opt-sequence-number")]


def device_id(message):
    return message.annotations[proton.symbol("iothub-connection-device-id")]


def body(message):
    return bytes(message.body)
