// azure-iot-device-http: telemetry, batches and commands over plain HTTPS.
// ports: well-known
import { assert, collect, env, main, readEvents, require, within } from './case.mjs';

const { Client, Message } = require('azure-iot-device');
const { Http } = require('azure-iot-device-http');
const { Client: Service } = require('azure-iothub');

const LARGE = 250_000;

function described() {
  const message = new Message(JSON.stringify({ temperature: 21.5 }));
  message.messageId = 'm-1';
  message.correlationId = 'c-1';
  message.contentType = 'application/json';
  message.contentEncoding = 'utf-8';
  message.properties.add('colour', 'blue');
  return message;
}

function check(events) {
  const first = events.find((event) => event.messageId === 'm-1');
  assert.ok(first, 'the first message');
  assert.deepEqual(first.body, { temperature: 21.5 });
  assert.equal(first.correlationId, 'c-1');
  assert.equal(first.contentType, 'application/json');
  assert.equal(first.properties.colour, 'blue');
  assert.equal(first.systemProperties['iothub-connection-device-id'], 'dev1');
  assert.match(first.systemProperties['iothub-connection-auth-method'], /"scope":"device"/);
  const bodies = events.map((event) => String(event.body));
  for (const body of ['one', 'two', 'x'.repeat(LARGE)]) assert.equal(bodies.filter((each) => each === body).length, 1, body.slice(0, 10));
  assert.equal(events.find((event) => String(event.body) === 'two').properties.number, '2');
}

async function commands(client) {
  const service = Service.fromConnectionString(env.SERVICE);
  await within(service.open(), 'service open');
  await within(service.send('dev1', 'start'), 'command accepted');
  const arrived = collect(client, 'message', 1);
  client.on('error', (error) => assert.fail(error));
  const [message] = await arrived;
  assert.equal(String(message.data), 'start');
  await within(client.complete(message), 'complete');
  await within(service.close(), 'service close');
}

await main(async () => {
  const client = Client.fromConnectionString(env.DEVICE_DEV1, Http);
  await within(client.open(), 'open');
  await within(client.sendEvent(described()), 'a message');
  const second = new Message('two');
  second.properties.add('number', '2');
  await within(client.sendEventBatch([new Message('one'), second]), 'a batch');
  await within(client.sendEvent(new Message('x'.repeat(LARGE))), 'a large message');
  await assert.rejects(client.sendEvent(new Message('x'.repeat(270_000))), (error) => error.constructor.name === 'MessageTooLargeError');
  check(await readEvents(4));
  await commands(client);
  const stranger = Client.fromConnectionString(env.DEVICE_DEV1.replace('DeviceId=dev1', 'DeviceId=nobody'), Http);
  await assert.rejects(stranger.sendEvent(new Message('x')), (error) => error.constructor.name === 'UnauthorizedError');
  return 'telemetry, a batch, 250,000 bytes and a command over HTTPS; too large and unknown are refused as Azure does';
});
