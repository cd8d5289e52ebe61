// azure-iothub and azure-iot-device: the errors that applications branch on have the right types.
// ports: well-known
import { assert, env, main, require, within } from './case.mjs';

const { Client: Device, Message: Telemetry } = require('azure-iot-device');
const { Amqp } = require('azure-iot-device-amqp');
const { Client: Service, Registry } = require('azure-iothub');
const { Message } = require('azure-iot-common');

const QUEUE_DEPTH = 50;

async function errorOf(promise, what) {
  try {
    await within(promise, what);
  } catch (error) {
    return error.constructor.name === 'Error' ? `Error(${error.message})` : error.constructor.name;
  }
  return 'success';
}

async function deviceErrors() {
  const wrongKey = env.DEVICE_DEV1.replace(/SharedAccessKey=.*/, `SharedAccessKey=${Buffer.alloc(32).toString('base64')}`);
  const stranger = env.DEVICE_DEV1.replace('DeviceId=dev1', 'DeviceId=stranger');
  for (const connectionString of [wrongKey, stranger]) {
    const device = Device.fromConnectionString(connectionString, Amqp);
    device.setRetryPolicy(new (require('azure-iot-common').NoRetry)());
    assert.equal(await errorOf(device.open(), 'open'), 'UnauthorizedError', connectionString.replace(/SharedAccessKey=.*/, ''));
  }
  const device = Device.fromConnectionString(env.DEVICE_DEV1, Amqp);
  await within(device.open(), 'open');
  assert.equal(await errorOf(device.sendEvent(new Telemetry('x'.repeat(300_000))), 'oversized telemetry'), 'MessageTooLargeError');
  await within(device.sendEvent(new Telemetry('still alive')), 'telemetry after the oversized one');
  await device.close();
}

async function serviceErrors() {
  const service = Service.fromConnectionString(env.SERVICE);
  service.setRetryPolicy(new (require('azure-iot-common').NoRetry)());
  await within(service.open(), 'service open');
  assert.equal(await errorOf(service.send('stranger', new Message('x')), 'send to a stranger'), 'DeviceNotFoundError');
  for (let n = 0; n < QUEUE_DEPTH; n += 1) await within(service.send('dev2', new Message(`waiting ${n}`)), `command ${n}`);
  assert.equal(await errorOf(service.send('dev2', new Message('one too many')), 'command 51'), 'DeviceMaximumQueueDepthExceededError');
  await service.close();
}

async function registryErrors() {
  const registry = Registry.fromConnectionString(env.OWNER);
  assert.equal(await errorOf(registry.get('stranger'), 'get'), 'DeviceNotFoundError');
  assert.equal(await errorOf(registry.create({ deviceId: 'dev1' }), 'create'), 'DeviceAlreadyExistsError');
  const reader = Registry.fromConnectionString(env.SERVICE);
  assert.equal(await errorOf(reader.create({ deviceId: 'x' }), 'create without the right'), 'UnauthorizedError');
}

await main(async () => {
  await deviceErrors();
  await serviceErrors();
  await registryErrors();
  return 'wrong key, unknown device, oversized message, full queue, existing device and missing right give the SDK its own error types';
});
