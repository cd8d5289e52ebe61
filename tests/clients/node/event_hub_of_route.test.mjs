// @azure/event-hubs on the event hub of a route: its partitions, a consumer group of the configuration, what the route leads there.
// ports: well-known
// config: event_hub_of_route.toml
import { EventHubConsumerClient, earliestEventPosition } from '@azure/event-hubs';
import { assert, env, main, require, within } from './case.mjs';

const { Client, Message } = require('azure-iot-device');
const { Amqp } = require('azure-iot-device-amqp');

const alarms = env.EVENT_HUB.replace(/EntityPath=.*/, 'EntityPath=alarms');

async function send(temperatures) {
  const device = Client.fromConnectionString(env.DEVICE_DEV1, Amqp);
  await within(device.open(), 'open');
  for (const temperature of temperatures) {
    const message = new Message(JSON.stringify({ temperature }));
    message.contentType = 'application/json;charset=utf-8';
    message.properties.add('room', 'cellar');
    await within(device.sendEvent(message), 'sendEvent');
  }
  await within(device.close(), 'close');
}

// Until nothing comes for a second, in all partitions.
async function readAll(group, connectionString) {
  const client = new EventHubConsumerClient(group, connectionString);
  const waiting = new Set(await within(client.getPartitionIds(), 'getPartitionIds'));
  const events = [];
  let subscription;
  await within(new Promise((resolve, reject) => {
    subscription = client.subscribe({
      processEvents: async (batch, { partitionId }) => {
        events.push(...batch);
        if (batch.length === 0) waiting.delete(partitionId);
        if (waiting.size === 0) resolve();
      },
      processError: async (error) => reject(error),
    }, { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 });
  }), `reading as ${group}`);
  await subscription.close();
  await client.close();
  return events;
}

async function checkProperties() {
  const client = new EventHubConsumerClient('$Default', alarms);
  const { name, partitionIds } = await within(client.getEventHubProperties(), 'getEventHubProperties');
  assert.equal(name, 'alarms');
  assert.deepEqual(partitionIds, ['0', '1']);
  await client.close();
}

main(async () => {
  await send([20, 31, 40]);
  await checkProperties();
  for (const group of ['$Default', 'screens']) {
    const events = await readAll(group, alarms);
    assert.deepEqual(events.map(({ body }) => body.temperature), [31, 40], group);
    assert.deepEqual(events[0].properties, { room: 'cellar', plant: 'seven' });
    assert.equal(events[0].systemProperties['iothub-connection-device-id'], 'dev1');
  }
  const others = await readAll('$Default', env.EVENT_HUB);
  assert.deepEqual(others.map(({ body }) => body.temperature), [20], 'the built-in event hub has what took no route');
  await assert.rejects(readAll('nobody', alarms), /not be found|not-found|does not exist|MessagingEntityNotFound/i);
  return 'the event hub of a route: its properties, two consumer groups, events with what was added to them';
});
