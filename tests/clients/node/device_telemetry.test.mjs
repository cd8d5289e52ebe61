// azure-iot-device over AMQP: telemetry with all its properties, several in flight, and one of many frames.
// ports: well-known
import { assert, env, main, readEvents, require, within } from './case.mjs';

const { Client, Message } = require('azure-iot-device');
const { Amqp } = require('azure-iot-device-amqp');

const MANY = 100;
const LARGE = 250_000;
const UUID = '3a2f1b9e-58cd-4f1e-9d0a-6b1f6f7d2c11';

function described() {
  const message = new Message(JSON.stringify({ temperature: 21.5 }));
  message.messageId = UUID;
  message.correlationId = 'correlation';
  message.contentType = 'application/json';
  message.contentEncoding = 'utf-8';
  message.properties.add('colour', 'blue');
  return message;
}

// The SDK sends a uuid-shaped id as an AMQP uuid; a reader gets it as text or as its 16 bytes.
function uuidText(id) {
  return Buffer.isBuffer(id) ? require('rhea').uuid_to_string(id) : String(id);
}

function check(events) {
  const first = events.find((event) => uuidText(event.messageId) === UUID);
  assert.ok(first, `no event with the uuid as message id; first: ${JSON.stringify(events[0]?.messageId)}`);
  assert.deepEqual(first.body, { temperature: 21.5 });
  assert.equal(first.correlationId, 'correlation');
  assert.equal(first.contentType, 'application/json');
  assert.equal(first.systemProperties.contentEncoding, 'utf-8');
  assert.equal(first.properties.colour, 'blue');
  assert.equal(first.systemProperties['iothub-connection-device-id'], 'dev1');
  assert.equal(first.systemProperties['iothub-message-source'], 'Telemetry');
  assert.match(first.systemProperties['iothub-connection-auth-method'], /"scope":"device"/);
  for (const name of ['iothub-connection-auth-generation-id', 'iothub-enqueuedtime']) assert.ok(first.systemProperties[name], name);
  const bodies = events.map((event) => String(event.body));
  for (let n = 0; n < MANY; n += 1) assert.equal(bodies.filter((body) => body === `event ${n}`).length, 1, `event ${n}`);
  const large = events.find((event) => String(event.body).length === LARGE);
  assert.ok(large && String(large.body) === 'x'.repeat(LARGE), 'the large message');
}

await main(async () => {
  const client = Client.fromConnectionString(env.DEVICE_DEV1, Amqp);
  await within(client.open(), 'open');
  await within(client.sendEvent(described()), 'first message accepted');
  const many = Array.from({ length: MANY }, (_, n) => client.sendEvent(new Message(`event ${n}`)));
  await within(Promise.all(many), `${MANY} messages accepted`);
  await within(client.sendEvent(new Message('x'.repeat(LARGE))), 'large message accepted');
  await within(client.close(), 'close');
  const events = await readEvents(MANY + 2);
  assert.equal(events.length, MANY + 2);
  check(events);
  return `${MANY + 2} messages of azure-iot-device arrive once each: properties, uuid message id, ${MANY} in flight, ${LARGE} bytes`;
});
