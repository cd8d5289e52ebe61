// rhea as a client: connections, links and outcomes as promises.
import { assert, env, once, require, within } from './case.mjs';

const rhea = require('rhea');

export { rhea };
export const ACCEPTED = 'accepted', REJECTED = 'rejected', RELEASED = 'released';
export const SELECTOR = 'apache.org:selector-filter:string';

// A connection that is open: with a user and a password by SASL PLAIN, else by ANONYMOUS, or with `sasl: false` by none.
export async function connect({ username, password, sasl = true, ...options } = {}) {
  const container = rhea.create_container();
  const connection = container.connect({
    transport: 'tls', host: env.HUB_HOST, servername: env.HUB_HOST, port: Number(env.AMQPS_PORT), reconnect: false,
    username: username ?? (sasl ? 'anonymous' : undefined), password, ...options,
  });
  const refused = new Promise((_, reject) => {
    for (const event of ['connection_error', 'disconnected', 'error']) {
      container.once(event, (context) => reject(context.connection?.error ?? context.error ?? context));
    }
  });
  refused.catch(() => {});
  await within(Promise.race([once(connection, 'connection_open'), refused]), 'connection open');
  container.on('disconnected', () => {}); // a hub that goes away is not an unhandled error here
  container.on('error', () => {});
  return connection;
}

export function connectAs({ username, token }) {
  return connect({ username, password: token() });
}

// An open sender with credit; rejects with the error of the DETACH when the hub refuses the link.
export async function openSender(connection, address, options = {}) {
  const sender = connection.open_sender({ target: { address }, ...options });
  await within(Promise.race([once(sender, 'sendable'), refusal(sender, 'sender')]), `sender to ${address}`);
  return sender;
}

export async function openReceiver(connection, options) {
  const receiver = connection.open_receiver({ credit_window: 0, autoaccept: false, ...options });
  receiver.on('receiver_open', () => { receiver.isOpen = Boolean(receiver.remote.attach.source); });
  await within(Promise.race([
    new Promise((resolve) => receiver.on('receiver_open', () => receiver.isOpen && resolve())), refusal(receiver, 'receiver'),
  ]), 'receiver open');
  return receiver;
}

export function refusal(link, kind) {
  return new Promise((_, reject) => { link.once(`${kind}_error`, () => reject(link.error)); });
}

// The outcome of one message: { outcome, error }.
export function send(sender, message, format) {
  const delivery = format === undefined ? sender.send(message) : sender.send(rhea.message.encode(message), undefined, format);
  return within(new Promise((resolve) => {
    const listeners = [ACCEPTED, REJECTED, RELEASED].map((outcome) => [outcome, (context) => {
      if (context.delivery !== delivery) return;
      for (const [event, listener] of listeners) sender.removeListener(event, listener);
      resolve({ outcome, error: context.delivery.remote_state?.error });
    }]);
    for (const [event, listener] of listeners) sender.on(event, listener);
    sender.setMaxListeners(0);
  }), 'an outcome');
}

// Sends telemetry as `device`, one message per body, and returns when all of it was accepted.
export async function sendTelemetry(device, bodies) {
  const connection = await connectAs(device);
  const sender = await openSender(connection, device.address('messages/events'));
  for (const body of bodies) assert.equal((await send(sender, { body: rhea.message.data_section(Buffer.from(body)) })).outcome, ACCEPTED);
  connection.close();
}

// put-token on `connection`: { code, description } of the reply.
export async function putToken(connection, audience, token, messageId = 1) {
  const replies = `cbs-${messageId}`;
  const receiver = connection.open_receiver({ source: { address: '$cbs' }, target: { address: replies }, credit_window: 1 });
  const sender = await openSender(connection, '$cbs');
  const reply = once(receiver, 'message');
  sender.send({
    message_id: messageId, to: '$cbs', reply_to: replies, body: token,
    application_properties: { operation: 'put-token', type: 'servicebus.windows.net:sastoken', name: audience },
  });
  const { message } = await reply;
  assert.equal(String(message.correlation_id), String(messageId), 'correlation-id of the put-token reply');
  return { code: message.application_properties['status-code'], description: message.application_properties['status-description'] };
}
