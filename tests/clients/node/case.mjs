// What the Node scripts share: the frame that says in one line what was shown, SAS tokens, and the events at the event hub.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { EventHubConsumerClient, earliestEventPosition } from '@azure/event-hubs';

export const require = createRequire(import.meta.url);
export const env = process.env;
export { assert };

const LIMIT_SECONDS = 20;

// Runs `test`, an async function that returns what it showed, and ends the process: clients may leave timers behind.
export async function main(test) {
  const name = env.TEST_NAME ?? 'node';
  try {
    console.log(`PASS ${name}: ${await test()}`);
    process.exit(0);
  } catch (error) {
    console.error(error);
    console.log(`FAIL ${name}: ${String(error?.message ?? error?.condition ?? error).split('\n')[0]}`);
    process.exit(1);
  }
}

// The promise's value, or an error that says what did not happen in time.
export function within(promise, what, seconds = LIMIT_SECONDS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${seconds} s: ${what}`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// The next `count` values that `emitter` emits as `event`, each passed through `take`.
export function collect(emitter, event, count, take = (value) => value, seconds = LIMIT_SECONDS) {
  const found = [];
  const done = new Promise((resolve) => {
    emitter.on(event, function listener(value) {
      if (found.length < count) found.push(take(value));
      if (found.length === count) resolve(found);
    });
  });
  return within(done, `${count} x '${event}'`, seconds);
}

export function once(emitter, event, seconds = LIMIT_SECONDS) {
  return within(new Promise((resolve) => emitter.once(event, resolve)), `event '${event}'`, seconds);
}

export function fields(connectionString) {
  return Object.fromEntries(connectionString.split(';').map((part) => {
    const at = part.indexOf('=');
    return [part.slice(0, at), part.slice(at + 1)];
  }));
}

// A token for `resource`, signed with the decoded key as IoT Hub's clients do.
export function sasToken(resource, key, policy, expiry = Math.floor(Date.now() / 1000) + 3600) {
  const sr = encodeURIComponent(resource);
  const digest = crypto.createHmac('sha256', Buffer.from(key, 'base64')).update(`${sr}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(digest)}&se=${expiry}${policy ? `&skn=${policy}` : ''}`;
}

export function device(name = 'DEV1') {
  const parts = fields(env[`DEVICE_${name}`]);
  const resource = `${env.HUB_HOST}/devices/${parts.DeviceId}`;
  return {
    id: parts.DeviceId,
    key: parts.SharedAccessKey,
    resource,
    username: `${parts.DeviceId}@sas.${env.HUB_NAME}`,
    token: (expiry) => sasToken(resource, parts.SharedAccessKey, undefined, expiry),
    address: (suffix) => `/devices/${parts.DeviceId}/${suffix}`,
  };
}

// The first `count` events of all partitions, read with Microsoft's Event Hubs SDK; each says of which partition it is.
export async function readEvents(count, { consumerGroup = '$Default', ...options } = {}) {
  const client = new EventHubConsumerClient(consumerGroup, env.EVENT_HUB);
  const events = [];
  let subscription;
  try {
    await within(new Promise((resolve, reject) => {
      subscription = client.subscribe({
        processEvents: async (batch, { partitionId }) => {
          events.push(...batch.map((each) => Object.assign(each, { partitionId })));
          if (events.length >= count) resolve();
        },
        processError: async (error) => reject(error),
      }, { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1, ...options });
    }), `${count} events at the event hub (${events.length} came)`);
  } finally {
    await subscription?.close();
    await client.close();
  }
  return events;
}
