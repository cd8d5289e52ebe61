// The "convert an IoT hub connection string" sample of @azure/event-hubs: it asks the hub for $management and reads the redirect.
import { EventHubConsumerClient } from '@azure/event-hubs';
import { assert, device, env, fields, main, once, sasToken, within } from './case.mjs';
import { connect, sendTelemetry } from './rhea_links.mjs';

// As the sample does it: SASL PLAIN with a token for {host}/messages/events, a receiver, and its error's info map.
async function askForRedirect(address) {
  const { SharedAccessKeyName: policy, SharedAccessKey: key } = fields(env.SERVICE);
  const connection = await connect({
    username: `${policy}@sas.root.${env.HUB_NAME}`, password: sasToken(`${env.HUB_HOST}/messages/events`, key, policy),
  });
  const receiver = connection.open_receiver({ source: { address } });
  await once(receiver, 'receiver_error');
  const { condition, info } = receiver.error;
  connection.close();
  assert.equal(condition, 'amqp:link:redirect');
  return info;
}

await main(async () => {
  const suffixes = ['$management', 'ConsumerGroups/$Default/Partitions/0', ''];
  for (const suffix of suffixes) {
    const info = await askForRedirect(`amqps://${env.HUB_HOST}/messages/events/${suffix}`);
    assert.equal(info.hostname, env.HUB_HOST);
    assert.equal(info['network-host'], env.HUB_HOST);
    assert.equal(info.port, Number(env.AMQPS_PORT));
    assert.equal(info.address, `amqps://${info.hostname}:${info.port}/${fields(env.EVENT_HUB).EntityPath}/${suffix}`);
  }
  const info = await askForRedirect('messages/events/$management');
  const [, entity] = /:\d+\/(.*)\/\$management/i.exec(info.address);
  const { SharedAccessKeyName: policy, SharedAccessKey: key } = fields(env.SERVICE);
  const endpoint = `Endpoint=sb://${info.hostname}:${info.port}/;EntityPath=${entity};SharedAccessKeyName=${policy};SharedAccessKey=${key}`;

  await sendTelemetry(device('DEV1'), ['converted']);
  const client = new EventHubConsumerClient('$Default', endpoint);
  const bodies = await within(new Promise((resolve, reject) => {
    client.subscribe({
      processEvents: async (events) => events.length && resolve(events.map((event) => String(event.body))),
      processError: async (error) => reject(error),
    }, { startPosition: { offset: '-1' } });
  }), 'an event through the converted connection string');
  assert.deepEqual(bodies, ['converted']);
  return `${suffixes.length} addresses under /messages/events redirect; the converted string reads telemetry with the hub's policy`;
});
