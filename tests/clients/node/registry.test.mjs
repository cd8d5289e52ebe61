// azure-iothub's Registry over HTTPS: create, get, update, list, bulk, delete; the keys it returns let the device in.
// ports: well-known
import { assert, env, main, require, within } from './case.mjs';

const { Client: Device } = require('azure-iot-device');
const { Amqp } = require('azure-iot-device-amqp');
const { Registry } = require('azure-iothub');

async function body(promise, what) {
  return (await within(promise, what)).responseBody;
}

async function oneDevice(registry) {
  const created = await body(registry.create({ deviceId: 'made', status: 'enabled' }), 'create');
  assert.equal(created.deviceId, 'made');
  assert.equal(created.status, 'enabled');
  assert.ok(created.generationId && created.etag);
  const { primaryKey, secondaryKey } = created.authentication.symmetricKey;
  assert.ok(primaryKey && secondaryKey && primaryKey !== secondaryKey, 'two keys were made');

  const found = await body(registry.get('made'), 'get');
  assert.equal(found.authentication.symmetricKey.primaryKey, primaryKey);
  for (const key of [primaryKey, secondaryKey]) {
    const device = Device.fromConnectionString(`HostName=${env.HUB_HOST};DeviceId=made;SharedAccessKey=${key}`, Amqp);
    await within(device.open(), 'open with a key from the registry');
    await within(device.close(), 'close');
  }
  const updated = await body(registry.update({ deviceId: 'made', status: 'disabled', statusReason: 'retired' }), 'update');
  assert.equal(updated.status, 'disabled');
  assert.equal(updated.statusReason, 'retired');
  assert.equal(updated.generationId, created.generationId);
  assert.equal(updated.authentication.symmetricKey.primaryKey, primaryKey, 'an update without keys keeps them');
  await within(registry.delete('made'), 'delete');
  await assert.rejects(registry.get('made'), (error) => error.constructor.name === 'DeviceNotFoundError');
}

async function manyDevices(registry) {
  const names = Array.from({ length: 10 }, (_, n) => `bulk-${n}`);
  const added = await body(registry.addDevices(names.map((deviceId) => ({ deviceId, status: 'enabled' }))), 'addDevices');
  assert.equal(added.isSuccessful, true);
  assert.deepEqual(added.errors, []);
  const listed = (await body(registry.list(), 'list')).map((device) => device.deviceId).sort();
  assert.deepEqual(listed, ['dev1', 'dev2', ...names].sort());
  const removed = await body(registry.removeDevices(names.map((deviceId) => ({ deviceId })), true), 'removeDevices');
  assert.equal(removed.isSuccessful, true);
  assert.equal((await body(registry.list(), 'list')).length, 2);
}

// Page by page, as twins and as columns.
async function queried(registry) {
  const names = Array.from({ length: 7 }, (_, n) => `asked-${n}`);
  await body(registry.addDevices(names.map((deviceId) => ({ deviceId, status: 'disabled' }))), 'addDevices');
  const query = registry.createQuery("SELECT * FROM devices WHERE STARTSWITH(deviceId, 'asked-') AND status = 'disabled'", 3);
  const found = [];
  let pages = 0;
  while (query.hasMoreResults) {
    const twins = (await within(query.nextAsTwin(), 'nextAsTwin')).result;
    found.push(...twins.map((twin) => twin.deviceId));
    pages += 1;
  }
  assert.deepEqual(found, names);
  assert.ok(pages >= 3, `${pages} pages of 3`);
  const counted = await within(registry.createQuery('SELECT COUNT() AS all FROM devices').next(), 'next');
  assert.deepEqual(counted.result, [{ all: 9 }]);
  await assert.rejects(registry.createQuery('SELECT * FROM nowhere').next(), (error) => error.constructor.name === 'ArgumentError');
  await body(registry.removeDevices(names.map((deviceId) => ({ deviceId })), true), 'removeDevices');
}

// Ids use every legal character: they travel percent-encoded.
async function oddNames(registry) {
  for (const deviceId of ["a-b:c.d+e%f_g#h*i?j!k(l),m=n@o;p$q'r", 'Case', 'case']) {
    await body(registry.create({ deviceId }), `create ${deviceId}`);
    assert.equal((await body(registry.get(deviceId), `get ${deviceId}`)).deviceId, deviceId);
  }
}

await main(async () => {
  const registry = Registry.fromConnectionString(env.OWNER);
  await oneDevice(registry);
  await manyDevices(registry);
  await queried(registry);
  await oddNames(registry);
  const statistics = await body(registry.getRegistryStatistics(), 'statistics');
  assert.equal(statistics.totalDeviceCount, 5);
  return 'create, get, update, list, add and remove in bulk, delete, odd names and statistics; both keys open the device';
});
