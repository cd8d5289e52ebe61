// azure-iothub: a hub with the limits of an S1 makes callers wait first, then gives the SDK its own ThrottlingError, and both pass.
// ports: well-known
// setting: CAPSTAN_LIMITS__THROTTLING=S1
// setting: CAPSTAN_COMMANDS__QUEUE_DEPTH=1000
import { assert, env, main, require, within } from './case.mjs';

const { Client: Service, Registry } = require('azure-iothub');
const { Message, NoRetry } = require('azure-iot-common');

const A_MINUTE = 100; // of both kinds; and what waits is ten seconds' worth
const TOO_MANY = 150;

// How many of them went well, and the names of the errors of the others.
async function outcomes(attempts, what) {
  const all = await within(Promise.allSettled(attempts), what, 40);
  const refused = all.filter((each) => each.status === 'rejected').map((each) => each.reason.constructor.name);
  return { passed: all.length - refused.length, refused: [...new Set(refused)], count: refused.length };
}

function check({ passed, refused, count }, what) {
  assert.deepEqual(refused, ['ThrottlingError'], what);
  assert.ok(passed >= A_MINUTE * 0.9, `${what}: only ${passed} passed`); // the harness has made its devices
  assert.ok(count >= 10, `${what}: only ${count} were refused`);
}

await main(async () => {
  const registry = Registry.fromConnectionString(env.OWNER);
  const asked = await outcomes(Array.from({ length: TOO_MANY }, () => registry.get('dev1')), 'registry');
  check(asked, 'registry');

  const service = Service.fromConnectionString(env.SERVICE);
  service.setRetryPolicy(new NoRetry());
  await within(service.open(), 'service open');
  const sends = Array.from({ length: TOO_MANY }, (_, n) => service.send(n % 2 ? 'dev1' : 'dev2', new Message(`${n}`)));
  const sent = await outcomes(sends, 'commands');
  check(sent, 'commands');
  await service.close();
  return `${asked.count} of ${TOO_MANY} registry calls and ${sent.count} of as many commands were refused with ThrottlingError`;
});
