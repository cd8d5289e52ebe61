// AMQP over WebSockets, as Microsoft's SDKs ask for it: azure-iot-device, azure-iothub and @azure/event-hubs on the HTTPS port alone.
// ports: well-known
import { EventHubConsumerClient, earliestEventPosition } from '@azure/event-hubs';
import { assert, collect, env, main, require, within } from './case.mjs';

const { Client: Device, Message } = require('azure-iot-device');
const { AmqpWs: DeviceWs } = require('azure-iot-device-amqp');
const { AmqpWs: ServiceWs, Client: Service } = require('azure-iothub');
const WebSocket = require('ws');

const MANY = 100;
const LARGE = 250_000;
const COMMAND = 60_000; // bytes

async function sendTelemetry(device) {
  const sent = Array.from({ length: MANY }, (_, n) => device.sendEvent(new Message(`event ${n}`)));
  await within(Promise.all(sent), `${MANY} messages accepted`);
  await within(device.sendEvent(new Message('x'.repeat(LARGE))), 'large message accepted');
}

async function command(service, device) {
  const came = collect(device, 'message', 1);
  await within(service.send('dev1', new Message('y'.repeat(COMMAND))), 'command sent');
  const [message] = await came;
  assert.equal(message.data.toString(), 'y'.repeat(COMMAND));
  await within(device.complete(message), 'command completed');
}

async function readEvents(count) {
  const connectionString = env.EVENT_HUB.replace(`:${env.AMQPS_PORT}/`, `:${env.HTTPS_PORT}/`);
  const reader = new EventHubConsumerClient('$Default', connectionString, { webSocketOptions: { webSocket: WebSocket } });
  const bodies = [];
  await within(new Promise((resolve, reject) => {
    reader.subscribe({
      processEvents: async (events) => {
        bodies.push(...events.map((event) => String(event.body)));
        if (bodies.length >= count) resolve();
      },
      processError: async (error) => reject(error),
    }, { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 });
  }), `${count} events`);
  await within(reader.close(), 'reader closed');
  return bodies;
}

await main(async () => {
  const device = Device.fromConnectionString(env.DEVICE_DEV1, DeviceWs);
  const service = Service.fromConnectionString(env.SERVICE, ServiceWs);
  await within(Promise.all([device.open(), service.open()]), 'open');
  await sendTelemetry(device);
  await command(service, device);
  const bodies = await readEvents(MANY + 1);
  for (let n = 0; n < MANY; n += 1) assert.equal(bodies.filter((body) => body === `event ${n}`).length, 1, `event ${n}`);
  assert.ok(bodies.includes('x'.repeat(LARGE)), 'the large message');
  await within(Promise.all([device.close(), service.close()]), 'close');
  return `over WebSockets: ${MANY} messages and one of ${LARGE} bytes of azure-iot-device, a command of azure-iothub, read by event-hubs`;
});
