// azure-iot-device with a certificate: x509_device.mjs amqp|amqpws|http CERTIFICATE KEY. Sends telemetry (not with http), or says why not;
// then takes one command and completes it.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(import.meta.url);
const { Client, Message } = require('azure-iot-device');
const transports = { amqp: () => require('azure-iot-device-amqp').Amqp, amqpws: () => require('azure-iot-device-amqp').AmqpWs };

const [how, certificate, key] = process.argv.slice(2);
const client = Client.fromConnectionString(process.env.DEVICE, transports[how]());
await client.setOptions({ cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') });
try {
  await client.open();
  await client.sendEvent(new Message(`by ${how}`));
  console.log('sent');
  const command = await new Promise((resolve) => client.on('message', resolve));
  await client.complete(command);
  console.log(`completed ${command.getData()}`);
} catch (error) {
  console.log(`refused ${error.constructor.name}`);
}
process.exit(0);
