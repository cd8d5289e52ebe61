// azure-iot-device and azure-iothub: cloud-to-device messages, completed, rejected and abandoned; the feedback for each.
// ports: well-known
import { assert, env, main, once, require, within } from './case.mjs';

const { Client: Device } = require('azure-iot-device');
const { Amqp } = require('azure-iot-device-amqp');
const { Client: Service } = require('azure-iothub');
const { Message } = require('azure-iot-common');

const UUID = '7d9e4a16-0d6c-4d6e-8f57-6f0a3f5f4b21';
const WANTED = { [UUID]: 'Success', refuse: 'Rejected', later: 'Success', silent: undefined };

function command(messageId) {
  const message = new Message(`do ${messageId}`);
  message.messageId = messageId;
  message.correlationId = `correlation of ${messageId}`;
  message.ack = messageId === 'silent' ? 'none' : 'full';
  message.expiryTimeUtc = Date.now() + 600_000;
  message.properties.add('colour', 'blue');
  return message;
}

// Answers every command; resolves once each has come, the abandoned one twice. Each answer leaves in a turn of its own:
// rhea 1.0 writes neighbouring outcomes of one turn as one range with the first one's state, even when they differ.
function obey(device) {
  const counts = {};
  let turn = Promise.resolve();
  return new Promise((resolve, reject) => {
    device.on('message', (message) => {
      const id = String(message.messageId);
      counts[id] = (counts[id] ?? 0) + 1;
      const action = id === 'refuse' ? 'reject' : id === 'later' && counts[id] === 1 ? 'abandon' : 'complete';
      try {
        assert.equal(message.data.toString(), `do ${id}`);
        assert.equal(message.correlationId, `correlation of ${id}`);
        assert.equal(message.properties.getValue('colour'), 'blue');
        assert.match(message.to.toLowerCase(), /^\/devices\/dev1\/messages\/devicebound$/);
      } catch (error) {
        reject(error);
      }
      turn = turn.then(() => new Promise((done) => {
        device[action](message, (error) => (error ? reject(error) : setImmediate(done)));
      }));
      if (Object.keys(counts).length === 4 && counts.later === 2) turn.then(() => resolve(counts));
    });
  });
}

// The status per message id, once `count` records have come.
function feedback(receiver, count) {
  const found = {};
  return new Promise((resolve, reject) => {
    receiver.on('message', (message) => {
      try {
        for (const record of JSON.parse(message.data.toString())) {
          assert.equal(record.deviceId, 'dev1');
          found[record.originalMessageId] = record.statusCode;
        }
      } catch (error) {
        reject(error);
      }
      if (Object.keys(found).length >= count) resolve(found);
    });
  });
}

await main(async () => {
  const service = Service.fromConnectionString(env.SERVICE);
  await within(service.open(), 'service open');
  const { result: receiver } = await within(service.getFeedbackReceiver(), 'feedback receiver');
  const heard = feedback(receiver, 3);
  for (const id of Object.keys(WANTED)) await within(service.send('dev1', command(id)), `send ${id}`);

  const device = Device.fromConnectionString(env.DEVICE_DEV1, Amqp);
  await within(device.open(), 'device open');
  const counts = await within(obey(device), 'all commands at the device');
  assert.deepEqual(counts, { [UUID]: 1, refuse: 1, later: 2, silent: 1 });

  const { silent, ...wanted } = WANTED;
  assert.deepEqual(await within(heard, 'feedback for three messages', 60), wanted);
  await within(device.close(), 'device close');
  await within(service.close(), 'service close');
  return 'waiting commands of azure-iothub are completed, rejected and abandoned by azure-iot-device; the feedback says so';
});
