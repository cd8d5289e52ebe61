// azure-iothub's Registry: its import and export jobs, in a folder of the hub's and in a container behind https. Run by blob_storage.py.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';

const require = createRequire(import.meta.url);
const { Registry } = require('azure-iothub');
const { env } = process;
const LIMIT_MS = 20_000;

const body = async (promise) => (await promise).responseBody ?? (await promise);

async function ended(registry, job) {
  for (const late = Date.now() + LIMIT_MS; Date.now() < late; await pause(50)) {
    const now = await body(registry.getJob(job.jobId));
    if (!['enqueued', 'running'].includes(now.status)) return now;
  }
  throw new Error(`job ${job.jobId} does not end`);
}

async function completed(registry, asked) {
  const job = await body(asked);
  assert.ok(job.jobId);
  const end = await ended(registry, job);
  assert.equal(end.status, 'completed', JSON.stringify(end));
  assert.equal(end.progress, 100);
  return end;
}

async function exports(registry) {
  const end = await completed(registry, registry.exportDevicesToBlob(env.CONTAINER, false));
  assert.equal(end.type, 'export');
  assert.equal(end.outputBlobContainerUri, env.CONTAINER.split('?')[0], 'without what gives access');
  await completed(registry, registry.exportDevicesToBlob(env.FOLDER, false));
}

async function imports(registry) {
  const end = await completed(registry, registry.importDevicesFromBlob(env.INPUT, env.CONTAINER));
  assert.equal(end.type, 'import');
  assert.equal((await body(registry.get('dev3'))).status, 'enabled');
  assert.equal((await body(registry.getModule('dev3', 'valve'))).moduleId, 'valve');
  await registry.delete('dev2');
  await completed(registry, registry.importDevicesFromBlob(env.CONTAINER, env.CONTAINER.replace('/box?', '/box2?')));
  assert.equal((await body(registry.get('dev2'))).deviceId, 'dev2', 'it came back out of the container');
}

const registry = Registry.fromConnectionString(env.OWNER);
await exports(registry);
await imports(registry);
const all = await body(registry.listJobs());
assert.equal(all.length, 4);
await assert.rejects(registry.getJob('none'), /JobNotFound|not found/i);
await assert.rejects(registry.cancelJob('none'), /JobNotFound|not found/i);
