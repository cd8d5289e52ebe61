// Modules with Microsoft's SDKs: their registry (one by one, in bulk, with etags), their telemetry over AMQP, and what ends them.
// ports: well-known
import { assert, env, main, once, readEvents, require, within } from './case.mjs';

const { Message, ModuleClient } = require('azure-iot-device');
const { Amqp } = require('azure-iot-device-amqp');
const { Registry } = require('azure-iothub');

async function body(promise, what) {
  return (await within(promise, what)).responseBody;
}

const connectionString = (module) =>
  `HostName=${env.HUB_HOST};DeviceId=dev1;ModuleId=${module.moduleId};SharedAccessKey=${module.authentication.symmetricKey.primaryKey}`;

async function kept(registry) {
  const made = await body(registry.addModule({ deviceId: 'dev1', moduleId: 'pump', managedBy: 'plant' }), 'addModule');
  assert.equal(made.moduleId, 'pump');
  assert.equal(made.managedBy, 'plant');
  assert.ok(made.generationId && made.etag && made.authentication.symmetricKey.primaryKey);
  const isA = (name) => (error) => error.constructor.name === name;
  await assert.rejects(registry.addModule({ deviceId: 'dev1', moduleId: 'pump' }), isA('DeviceAlreadyExistsError'));
  await assert.rejects(registry.addModule({ deviceId: 'nobody', moduleId: 'pump' }), isA('DeviceNotFoundError'));
  await assert.rejects(registry.getModule('dev1', 'nobody'), /not found/i);
  const changed = await body(registry.updateModule({ ...made, managedBy: 'me' }, true), 'updateModule');
  assert.equal(changed.managedBy, 'me');
  assert.notEqual(changed.etag, made.etag);
  assert.equal((await body(registry.getModule('dev1', 'pump'), 'getModule')).managedBy, 'me');
  assert.equal((await body(registry.get('dev1'), 'get')).deviceId, 'dev1');
  await body(registry.addModule({ deviceId: 'dev1', moduleId: 'valve' }), 'addModule');
  const listed = await body(registry.getModulesOnDevice('dev1'), 'getModulesOnDevice');
  assert.deepEqual(listed.map((module) => module.moduleId), ['pump', 'valve']);
  assert.equal((await body(registry.list(), 'list')).length, 2, 'modules are no devices');
  await within(registry.removeModule('dev1', 'valve'), 'removeModule');
  assert.equal((await body(registry.getModulesOnDevice('dev1'), 'getModulesOnDevice')).length, 1);
  return changed;
}

async function ended(registry, client) {
  const disconnected = once(client, 'disconnect');
  await within(registry.removeModule('dev1', 'pump'), 'removeModule');
  await disconnected;
}

await main(async () => {
  const registry = Registry.fromConnectionString(env.OWNER);
  const module = await kept(registry);
  const client = ModuleClient.fromConnectionString(connectionString(module), Amqp);
  client.setRetryPolicy({ shouldRetry: () => false, nextRetryTimeout: () => 0 });
  await within(client.open(), 'open as a module');
  await within(client.sendEvent(new Message('from the pump')), 'telemetry of a module');
  const [event] = await readEvents(1);
  assert.equal(event.systemProperties['iothub-connection-module-id'], 'pump');
  assert.equal(event.systemProperties['iothub-connection-device-id'], 'dev1');
  assert.equal(event.systemProperties['iothub-connection-auth-generation-id'], module.generationId);
  assert.match(event.systemProperties['iothub-connection-auth-method'], /"scope":"module"/);
  assert.equal((await body(registry.getModule('dev1', 'pump'), 'getModule')).connectionState, 'Connected');
  await ended(registry, client);
  return 'modules: kept with etags, told apart from devices, telemetry under their own key, ended when they are removed';
});
