// The C++ clients with Microsoft's at the other end: each side's device with the other's service, and one partition in both readers' eyes,
// over AMQP and over WebSockets.
// ports: well-known
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { assert, env, main, readEvents, require, within } from './case.mjs';

const { Client: Device } = require('azure-iot-device');
const { Amqp } = require('azure-iot-device-amqp');
const { Client: Service } = require('azure-iothub');
const { Message } = require('azure-iot-common');

const PROGRAM = path.join(path.dirname(env.HUB_PROGRAM), 'tests/client_program');
const COUNT = 20;
const COMMANDS = 5;

// The lines that the C++ program says, by their first word; rejects when it fails.
function run(mode, count, more) {
  const settings = { DEVICE: env.DEVICE_DEV1, DEVICE_ID: 'dev1', SERVICE: env.SERVICE, CAPSTAN_CA: env.NODE_EXTRA_CA_CERTS, ...more };
  const program = spawn(PROGRAM, [mode, String(count)], { env: settings, stdio: ['ignore', 'pipe', 'inherit'] });
  const said = {};
  createInterface({ input: program.stdout }).on('line', (line) => {
    const [word, ...rest] = line.split(' ');
    (said[word] ??= []).push(rest.join(' '));
  });
  return within(new Promise((resolve, reject) => {
    program.on('close', (status) => (status === 0 ? resolve(said) : reject(new Error(`${mode}: status ${status}`))));
  }), `client_program ${mode}`, 40).finally(() => program.kill());
}

const numbers = (count) => Array.from({ length: count }, (_, n) => String(n));

// Telemetry of ours, read by both: the same numbers, offsets and times in the same partition.
async function telemetry(transport, before) {
  const { accepted } = await run('send', COUNT, transport);
  assert.deepEqual(accepted.sort(), numbers(COUNT).sort());
  const seen = (await readEvents(before + COUNT)).slice(-COUNT);
  const { event } = await run('read', before + COUNT, transport);
  const stamps = (each) => [each.partitionId, each.sequenceNumber, each.offset, each.enqueuedTimeUtc.getTime()];
  assert.deepEqual(event.slice(-COUNT), seen.map((each) => `${stamps(each).join('/')} ${each.body}`));
  for (const each of seen) assert.equal(each.systemProperties['iothub-connection-device-id'], 'dev1');
}

// Commands of azure-iothub for our device.
async function theirCommands(service, transport) {
  for (const n of numbers(COMMANDS)) {
    const message = new Message(`do ${n}`);
    Object.assign(message, { messageId: `${transport.WEBSOCKETS ?? ''}their-${n}`, ack: 'full' });
    await within(service.send('dev1', message), 'send');
  }
  const { completed } = await run('receive', COMMANDS, transport);
  assert.deepEqual(completed, numbers(COMMANDS).map((n) => `do ${n}`));
}

// Commands of ours for azure-iot-device; our program ends when each has its feedback.
async function ourCommands(device, transport) {
  const { Success } = await run('confirm', COMMANDS, transport);
  assert.deepEqual(Success.sort(), numbers(COMMANDS));
}

function listen(receiver) {
  const statuses = [];
  let wanted = Infinity;
  let resolve;
  receiver.on('message', (message) => {
    for (const record of JSON.parse(message.data.toString())) statuses.push(record.statusCode);
    if (statuses.length >= wanted) resolve(statuses);
  });
  return (count) => new Promise((done) => {
    [wanted, resolve] = [count, done];
    if (statuses.length >= wanted) done(statuses);
  }).then((all) => assert.deepEqual(all.splice(0), Array(count).fill('Success')));
}

await main(async () => {
  const service = Service.fromConnectionString(env.SERVICE);
  await within(service.open(), 'service open');
  await telemetry({}, 0);
  await telemetry({ WEBSOCKETS: '1' }, COUNT);

  const { result: receiver } = await within(service.getFeedbackReceiver(), 'feedback receiver');
  const heard = listen(receiver);
  await theirCommands(service, {});
  await theirCommands(service, { WEBSOCKETS: '1' });
  await within(heard(2 * COMMANDS), 'feedback of our device', 40);
  await within(service.close(), 'service close');

  const device = Device.fromConnectionString(env.DEVICE_DEV1, Amqp);
  await within(device.open(), 'device open');
  device.on('message', (message) => device.complete(message, () => {}));
  await ourCommands(device, {});
  await ourCommands(device, { WEBSOCKETS: '1' });
  await within(device.close(), 'device close');
  return 'C++ clients and Microsoft\'s: device and service each way round, and the same events in both readers; AMQP and WebSockets';
});
