// Attaches as Azure's C library does (twin and methods links on every connection) and checks that telemetry flows after it.
import crypto from 'node:crypto';
import { assert, device, env, main, once, readEvents } from './case.mjs';
import { ACCEPTED, connect, openReceiver, openSender, putToken, rhea, send } from './rhea_links.mjs';

const BATCH_FORMAT = 0x80013700;
const DESIRED = '/notifications/twin/properties/desired';

function properties(correlation) {
  return {
    'com.microsoft:client-version': 'iothubclient/1.15.0 (native; Linux; x86_64)',
    'com.microsoft:channel-correlation-id': correlation,
    'com.microsoft:api-version': '2020-09-30',
  };
}

// The two links of a pair; full URIs without a port, termini named after the links, settle modes 0/0.
async function pair(connection, path, correlation, names) {
  const uri = `amqps://${env.HUB_HOST}${path}`;
  const modes = { snd_settle_mode: 0, rcv_settle_mode: 0, properties: properties(correlation) };
  const sender = await openSender(connection, uri, { name: names.sender, source: { address: `${names.sender}-source` }, ...modes });
  const receiver = await openReceiver(connection, {
    name: names.receiver, source: { address: uri }, target: { address: `${names.receiver}-target` }, ...modes,
  });
  receiver.add_credit(10000);
  return { sender, receiver };
}

// One twin request: its settled outcome and its answer, which must not stay away; the status and what the body says.
async function ask(twin, operation, resource) {
  const id = crypto.randomUUID();
  const answer = once(twin.receiver, 'message');
  const { outcome } = await send(twin.sender, {
    correlation_id: id, message_annotations: resource ? { operation, resource } : { operation },
    body: rhea.message.data_section(Buffer.from(' ')),
  });
  assert.equal(outcome, ACCEPTED, `${operation} is settled`);
  const { message } = await answer;
  assert.equal(String(message.correlation_id), id, `${operation}: correlation-id`);
  return { status: message.message_annotations?.status, body: message.body && JSON.parse(Buffer.from(message.body.content).toString()) };
}

// What docs/compatibility.md says of twins: they read as empty, their changes can be subscribed to, and none can be made.
async function askAll(twin) {
  assert.deepEqual(await ask(twin, 'GET'), { status: 200, body: { desired: { $version: 1 }, reported: { $version: 1 } } }, 'GET');
  assert.deepEqual(await ask(twin, 'PUT', DESIRED), { status: 200, body: undefined }, 'PUT of the subscription');
  assert.deepEqual(await ask(twin, 'DELETE', DESIRED), { status: 200, body: undefined }, 'DELETE of the subscription');
  for (const [operation, resource, status, errorCode] of [
    ['PATCH', '/properties/reported', 501, 501000], ['PUT', '/notifications/twin/tags', 400, 400004], ['POLISH', undefined, 400, 400004],
  ]) {
    const refused = await ask(twin, operation, resource);
    assert.deepEqual([refused.status, refused.body?.errorCode], [status, errorCode], `${operation} of ${resource}`);
  }
}

// An inner message of a batch: the sections of a complete AMQP message, as the C library writes them.
function inner(text) {
  return rhea.message.encode({ application_properties: { k: 'v' }, body: rhea.message.data_section(Buffer.from(text)) });
}

await main(async () => {
  const one = device('DEV1');
  const connection = await connect();
  assert.equal((await putToken(connection, one.resource, one.token())).code, 200);
  const telemetry = await openSender(connection, `amqps://${env.HUB_HOST}${one.address('messages/events')}`, {
    name: `link-snd-${one.id}-${crypto.randomUUID()}`, snd_settle_mode: 0, rcv_settle_mode: 0,
  });
  assert.ok(Number(telemetry.remote.attach.max_message_size) > 1024, 'the C library needs a max-message-size');
  const unique = crypto.randomUUID();
  const twin = await pair(connection, one.address('twin'), `twin:${unique}`, {
    sender: `link-snd-${one.id}-${unique}`, receiver: `link-rcv-${one.id}-${unique}`,
  });
  const methods = await pair(connection, one.address('methods/devicebound'), one.id, {
    sender: `methods_responses_link-${one.id}`, receiver: `methods_requests_link-${one.id}`,
  });
  assert.ok(methods.sender.is_open() && methods.receiver.is_open());

  await askAll(twin);
  const batch = rhea.message.data_sections([inner('first'), inner('second')]);
  assert.equal((await send(telemetry, { body: batch }, BATCH_FORMAT)).outcome, ACCEPTED);
  connection.close();

  const events = await readEvents(2);
  assert.deepEqual(events.map((event) => String(event.body)), ['first', 'second']);
  assert.deepEqual(events.map((event) => event.properties.k), ['v', 'v']);
  return 'twin and methods links attach, a twin reads as empty, its changes are subscribed to and refused, a batch of two events arrives';
});
