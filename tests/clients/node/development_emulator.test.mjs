// @azure/event-hubs with the emulator's connection string: AMQP without TLS. Who has no valid key is refused there too.
import { EventHubConsumerClient } from '@azure/event-hubs';
import { assert, device, env, fields, main, within } from './case.mjs';
import { sendTelemetry } from './rhea_links.mjs';

async function firstEvent(client) {
  let subscription;
  const event = await within(new Promise((resolve, reject) => {
    subscription = client.subscribe({
      processEvents: async (events) => events.forEach(resolve),
      processError: async (error) => reject(error),
    }, { startPosition: { offset: '-1' } });
  }), 'an event');
  await subscription.close();
  return event;
}

await main(async () => {
  assert.equal(fields(env.EVENT_HUB_PLAIN).UseDevelopmentEmulator, 'true');
  await sendTelemetry(device('DEV1'), ['in the clear']);
  const client = new EventHubConsumerClient('$Default', env.EVENT_HUB_PLAIN);
  const event = await firstEvent(client);
  assert.equal(event.body.toString(), 'in the clear');
  await client.close();

  const wrong = env.EVENT_HUB_PLAIN.replace(/SharedAccessKey=[^;]*/, `SharedAccessKey=${Buffer.alloc(32).toString('base64')}`);
  const stranger = new EventHubConsumerClient('$Default', wrong, { retryOptions: { maxRetries: 0 } });
  await assert.rejects(within(stranger.getEventHubProperties(), 'a refusal'), /Unauthorized|signature|401/i);
  await stranger.close();
  return 'telemetry read over AMQP without TLS by a connection string with UseDevelopmentEmulator=true; a wrong key is refused';
});
