// rhea: SASL PLAIN, ANONYMOUS and none at all, put-token for several devices on one connection, and what each refusal says.
import { assert, device, env, main, once, sasToken } from './case.mjs';
import { ACCEPTED, connect, connectAs, openSender, putToken, send } from './rhea_links.mjs';

const HOUR_AGO = Math.floor(Date.now() / 1000) - 3600;

async function refusalOf(promise) {
  try {
    await promise;
  } catch (error) {
    return error?.condition ?? String(error?.message ?? error);
  }
  throw new Error('was not refused');
}

async function severalIdentities(one, two) {
  const connection = await connect(); // ANONYMOUS
  assert.match(await refusalOf(openSender(connection, one.address('messages/events'))), /unauthorized-access/);
  for (const [n, each] of [one, two].entries()) {
    assert.deepEqual(await putToken(connection, each.resource, each.token(), n + 7), { code: 200, description: 'OK' });
    const sender = await openSender(connection, each.address('messages/events'));
    assert.equal((await send(sender, { body: `from ${each.id}` })).outcome, ACCEPTED);
  }
  connection.close();
}

async function refusedTokens(one, two) {
  const stranger = `${env.HUB_HOST}/devices/stranger`;
  const cases = [
    ['an expired token', one.resource, one.token(HOUR_AGO), 401, /expired/i],
    ['a wrong key', one.resource, sasToken(one.resource, two.key), 401, /signature/i],
    ['an unknown device', stranger, sasToken(stranger, one.key), 404, /not registered/i],
    ['no token at all', one.resource, 'nonsense', 400, /./],
  ];
  for (const [name, audience, token, code, text] of cases) {
    const connection = await connect();
    const reply = await putToken(connection, audience, token);
    assert.equal(reply.code, code, `${name}: ${JSON.stringify(reply)}`);
    assert.match(reply.description, text, name);
    connection.close();
  }
  return cases.length;
}

async function withoutSasl(one) {
  const connection = await connect({ sasl: false });
  assert.equal((await putToken(connection, one.resource, one.token(), 'text-id')).code, 200);
  connection.close();
}

async function refusedPlain(one, two) {
  for (const password of [one.token(HOUR_AGO), two.token(), 'nonsense']) {
    assert.ok(await refusalOf(connect({ username: one.username, password })));
  }
}

await main(async () => {
  const [one, two] = [device('DEV1'), device('DEV2')];
  await severalIdentities(one, two);
  const count = await refusedTokens(one, two);
  await refusedPlain(one, two);
  const bystander = await connectAs(one);
  const sender = await openSender(bystander, one.address('messages/events'));
  await refusedTokens(one, two);
  assert.equal((await send(sender, { body: 'unharmed' })).outcome, ACCEPTED);
  bystander.close();
  await once(bystander, 'connection_close');
  await withoutSasl(one);
  return `two devices on one ANONYMOUS connection, one without SASL; ${count} bad tokens by put-token and 3 by PLAIN are refused`;
});
