// @azure/event-hubs: properties of the event hub and of its partitions, empty and not.
import { EventHubConsumerClient } from '@azure/event-hubs';
import { assert, device, env, fields, main, within } from './case.mjs';
import { sendTelemetry } from './rhea_links.mjs';

await main(async () => {
  const client = new EventHubConsumerClient('$Default', env.EVENT_HUB);
  const hub = await within(client.getEventHubProperties(), 'event hub properties');
  assert.equal(hub.name, fields(env.EVENT_HUB).EntityPath);
  assert.deepEqual(hub.partitionIds, ['0', '1', '2', '3']);
  assert.ok(hub.createdOn instanceof Date && hub.createdOn.getTime() <= Date.now());
  for (const id of hub.partitionIds) {
    const empty = await within(client.getPartitionProperties(id), 'partition properties');
    assert.equal(empty.isEmpty, true);
    assert.equal(empty.partitionId, id);
    assert.equal(empty.eventHubName, hub.name);
  }
  const before = Date.now();
  await sendTelemetry(device('DEV1'), ['one', 'two', 'three']);
  const partitions = await Promise.all(hub.partitionIds.map((id) => client.getPartitionProperties(id)));
  const filled = partitions.filter((partition) => !partition.isEmpty);
  assert.equal(filled.length, 1, 'one device fills one partition');
  assert.equal(filled[0].beginningSequenceNumber, 0);
  assert.equal(filled[0].lastEnqueuedSequenceNumber, 2);
  assert.match(String(filled[0].lastEnqueuedOffset), /^\d+$/);
  assert.ok(Math.abs(filled[0].lastEnqueuedOnUtc.getTime() - before) < 60_000);
  await client.close();
  return `name, creation time and ${hub.partitionIds.length} partitions; a partition's first and last sequence number, offset and time`;
});
