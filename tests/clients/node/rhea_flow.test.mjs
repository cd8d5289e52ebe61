// rhea: many links on one connection, credit and drain, messages of many frames both ways, refused links beside working ones.
import { assert, collect, device, env, fields, main, once, sasToken } from './case.mjs';
import {
  ACCEPTED, REJECTED, SELECTOR, connect, connectAs, openReceiver, openSender, rhea, send, sendTelemetry,
} from './rhea_links.mjs';

const LINKS = 40;
const LARGE = 200_000;
const MANY = 1500; // of a kilobyte: three times what the hub holds ready for a connection

function eventHub(partition) {
  const { EntityPath: entity } = fields(env.EVENT_HUB);
  return {
    source: { address: `${entity}/ConsumerGroups/$Default/Partitions/${partition}`, filter: {
      [SELECTOR]: rhea.types.wrap_described("amqp.annotation.x-opt-offset > '-1'", 0x468c00000004),
    } },
  };
}

function connectToEventHub() {
  const { SharedAccessKeyName: username, SharedAccessKey: password } = fields(env.EVENT_HUB);
  return connect({ username, password });
}

function serviceConnection(options = {}) {
  const { SharedAccessKeyName: policy, SharedAccessKey: key } = fields(env.SERVICE);
  return connect({ username: `${policy}@sas.root.${env.HUB_NAME}`, password: sasToken(env.HUB_HOST, key, policy), ...options });
}

async function manyLinks(two) {
  const connection = await serviceConnection();
  const senders = await Promise.all(Array.from({ length: LINKS }, () => openSender(connection, '/messages/devicebound')));
  const message = { to: two.address('messages/devicebound'), body: 'one of many' };
  const outcomes = await Promise.all(senders.map((sender) => send(sender, message)));
  assert.deepEqual(outcomes.map(({ outcome }) => outcome), Array(LINKS).fill(ACCEPTED));
  connection.close();
  await once(connection, 'connection_close');
}

// The first partition in which a drain of a fresh link finds anything.
async function partitionWithEvents() {
  for (const id of ['0', '1', '2', '3']) {
    const connection = await connectToEventHub();
    const receiver = await openReceiver(connection, eventHub(id));
    let found = 0;
    receiver.on('message', () => { found += 1; });
    const drained = once(receiver, 'receiver_drained');
    receiver.drain = true;
    receiver.add_credit(100);
    await drained;
    connection.close();
    if (found) return id;
  }
  throw new Error('no partition holds the events');
}

// Exactly as many as were asked for; a drain uses the rest of the credit up and says so.
async function creditAndDrain(partition, there) {
  const connection = await connectToEventHub();
  const receiver = await openReceiver(connection, eventHub(partition));
  let received = 0;
  receiver.on('message', () => { received += 1; });
  receiver.add_credit(3);
  await collect(receiver, 'message', 3);
  const drained = once(receiver, 'receiver_drained');
  receiver.drain = true;
  receiver.add_credit(there + 10);
  await drained;
  assert.equal(received, there, 'all there were, then the drain ended');
  assert.equal(receiver.credit, 0);
  connection.close();
}

// All credit at once, for more than the hub holds ready: it goes on by itself whenever there is room.
async function oneGrant(partition, there) {
  const connection = await connectToEventHub();
  const receiver = await openReceiver(connection, eventHub(partition));
  const all = collect(receiver, 'message', there, () => 1);
  receiver.add_credit(there);
  await all;
  connection.close();
}

// The device takes frames of 4096 bytes at most, as Java's SDK does: the hub must divide the command.
async function largeBothWays(one) {
  const connection = await connect({ username: one.username, password: one.token(), max_frame_size: 4096 });
  const receiver = await openReceiver(connection, { source: { address: one.address('messages/devicebound') } });
  receiver.add_credit(1);
  const service = await serviceConnection();
  const sender = await openSender(service, '/messages/devicebound');
  const command = Buffer.alloc(60_000, 'c');
  const to = one.address('messages/devicebound');
  const received = collect(receiver, 'message', 1);
  assert.equal((await send(sender, { to, message_id: 'large', body: rhea.message.data_section(command) })).outcome, ACCEPTED);
  const [context] = await received;
  assert.ok(command.equals(Buffer.from(context.message.body.content)), 'the command of many frames');
  context.delivery.accept();
  const rejected = await send(sender, { to, body: rhea.message.data_section(Buffer.alloc(70_000)) });
  assert.deepEqual([rejected.outcome, rejected.error?.condition], [REJECTED, 'amqp:link:message-size-exceeded']);

  const telemetry = await openSender(connection, one.address('messages/events'));
  assert.equal((await send(telemetry, { body: rhea.message.data_section(Buffer.alloc(LARGE, 't')) })).outcome, ACCEPTED);
  connection.close();
  service.close();
}

async function refusedBesideWorking(one) {
  const connection = await connectAs(one);
  const sender = await openSender(connection, one.address('messages/events'));
  const refused = openSender(connection, '/no/such/address').then(() => 'attached', (error) => error?.condition);
  assert.equal(await refused, 'amqp:not-found');
  assert.equal((await send(sender, { body: 'still here' })).outcome, ACCEPTED);
  connection.close();
}

await main(async () => {
  const one = device('DEV1');
  await sendTelemetry(one, Array.from({ length: 10 }, (_, n) => `event ${n}`));
  const partition = await partitionWithEvents();
  await creditAndDrain(partition, 10);
  await sendTelemetry(one, Array.from({ length: MANY }, () => 'x'.repeat(1024)));
  await oneGrant(partition, 10 + MANY);
  await manyLinks(device('DEV2'));
  await largeBothWays(one);
  await refusedBesideWorking(one);
  return `credit is kept to and drains, also ${MANY} at once; ${LINKS} links on one connection; messages of many frames both ways; `
    + 'an oversized command is rejected and a refused link harms nothing';
});
