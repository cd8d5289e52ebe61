// @azure/event-hubs: subscribing from every kind of position, inclusive and not, to all partitions, and following the tail.
import { EventHubConsumerClient, earliestEventPosition, latestEventPosition } from '@azure/event-hubs';
import { assert, device, env, main, readEvents, within } from './case.mjs';
import { sendTelemetry } from './rhea_links.mjs';

const SENT = 10;

function bodies(prefix, count) {
  return Array.from({ length: count }, (_, n) => `${prefix} ${n}`);
}

// What a subscription to one partition delivers until it is quiet for a second.
async function readFrom(partition, startPosition) {
  const client = new EventHubConsumerClient('$Default', env.EVENT_HUB);
  const events = [];
  let subscription;
  await within(new Promise((resolve, reject) => {
    subscription = client.subscribe(partition, {
      processEvents: async (batch) => (batch.length ? events.push(...batch) : resolve()),
      processError: async (error) => reject(error),
    }, { startPosition, maxWaitTimeInSeconds: 1 });
  }), `reading from ${JSON.stringify(startPosition)}`);
  await subscription.close();
  await client.close();
  return events.map((event) => event.sequenceNumber);
}

async function checkPositions(partition, events) {
  const all = events.map((event) => event.sequenceNumber);
  assert.deepEqual(all, Array.from({ length: SENT }, (_, n) => n), 'sequence numbers are gapless from 0');
  const { sequenceNumber, offset, enqueuedTimeUtc } = events[4];
  const behind = all.slice(5), from = all.slice(4);
  const time = enqueuedTimeUtc.getTime();
  const positions = [
    ['earliest', earliestEventPosition, all],
    ['sequence number', { sequenceNumber }, behind],
    ['sequence number, inclusive', { sequenceNumber, isInclusive: true }, from],
    ['offset', { offset }, behind],
    ['offset, inclusive', { offset, isInclusive: true }, from],
    ['time', { enqueuedOn: time - 1 }, all.filter((_, n) => events[n].enqueuedTimeUtc.getTime() > time - 1)],
    ['latest', latestEventPosition, []],
  ];
  for (const [name, position, wanted] of positions) assert.deepEqual(await readFrom(partition, position), wanted, name);
  return positions.length;
}

// A subscription that starts at the end gets what is sent after it is there, and nothing from before.
async function checkTail(partition) {
  const client = new EventHubConsumerClient('$Default', env.EVENT_HUB);
  const found = [];
  let subscription;
  await within(new Promise((resolve, reject) => {
    let sent = false;
    subscription = client.subscribe(partition, {
      processEvents: async (batch) => {
        found.push(...batch.map((event) => String(event.body)));
        if (batch.length === 0 && !sent) {
          sent = true; // the first empty batch: the link is open and at the tail
          sendTelemetry(device('DEV1'), bodies('tail', 3)).catch(reject);
        }
        if (found.length === 3) resolve();
      },
      processError: async (error) => reject(error),
    }, { startPosition: latestEventPosition, maxWaitTimeInSeconds: 1 });
  }), 'three events at the tail');
  await subscription.close();
  await client.close();
  assert.deepEqual(found, bodies('tail', 3));
}

await main(async () => {
  await sendTelemetry(device('DEV1'), bodies('first', SENT));
  const mine = await readEvents(SENT);
  assert.deepEqual(mine.map((event) => String(event.body)), bodies('first', SENT));

  const partition = await partitionOf(mine);
  const count = await checkPositions(partition, mine);
  await checkTail(partition);

  await sendTelemetry(device('DEV2'), bodies('second', SENT));
  const everything = await readEvents(2 * SENT + 3, { trackLastEnqueuedEventProperties: true });
  for (const prefix of ['first', 'second']) {
    assert.deepEqual(everything.map((event) => String(event.body)).filter((body) => body.startsWith(prefix)), bodies(prefix, SENT));
  }
  return `${count} kinds of start position, the live tail, and all partitions at once, each event once and in its device's order`;
});

async function partitionOf(events) {
  const client = new EventHubConsumerClient('$Default', env.EVENT_HUB);
  const last = events.at(-1).sequenceNumber;
  for (const id of await client.getPartitionIds()) {
    const properties = await client.getPartitionProperties(id);
    if (!properties.isEmpty && properties.lastEnqueuedSequenceNumber === last) {
      await client.close();
      return id;
    }
  }
  throw new Error('no partition says that it holds the events');
}
