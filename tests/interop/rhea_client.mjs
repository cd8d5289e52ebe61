// rhea_client.mjs PORT CASE: one thing that rhea does with our server engine. Ends with status 0 when it went as it should.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const rhea = createRequire(new URL('../clients/', import.meta.url))('rhea');
const LARGE = 'x'.repeat(300_000), MANY = 10_000;
const [port, name] = [Number(process.argv[2]), process.argv[3]];

const once = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));

async function connect() {
  const connection = rhea.create_container().connect({ host: '127.0.0.1', port, reconnect: false, username: 'user', password: 'secret' });
  await once(connection, 'connection_open');
  return connection;
}

async function openSender(connection, address, options = {}) {
  const sender = connection.open_sender({ target: { address }, ...options });
  await once(sender, 'sendable');
  return sender;
}

// Calls back for each message until the callback says true.
function receive(receiver, each) {
  return new Promise((resolve, reject) => receiver.on('message', (context) => {
    try {
      if (each(context)) resolve();
    } catch (error) { reject(error); }
  }));
}

const cases = {
  async messages_come_back(connection) {
    const sender = await openSender(connection, 'q/rhea');
    const bodies = ['text', '', LARGE, { key: [1, null, true] }, 7];
    bodies.forEach((body, index) => sender.send({ message_id: String(index), application_properties: { n: index }, body }));
    const receiver = connection.open_receiver({ source: { address: 'q/rhea' }, credit_window: 2 });
    let count = 0;
    await receive(receiver, ({ message }) => {
      assert.equal(message.message_id, String(count));
      assert.deepEqual(message.body, bodies[count++]);
      return count === bodies.length;
    });
  },

  async outcomes_of_what_we_refuse(connection) {
    for (const [address, outcome] of [['sink', 'accepted'], ['reject', 'rejected'], ['release', 'released']]) {
      const sender = await openSender(connection, address);
      sender.send({ body: 'x' });
      const { delivery } = await once(sender, outcome);
      if (outcome === 'rejected') assert.equal(delivery.remote_state.error.condition, 'amqp:not-allowed');
    }
  },

  async released_messages_come_again(connection) {
    const sender = await openSender(connection, 'q/again');
    sender.send({ body: 'one' });
    const receiver = connection.open_receiver({ source: { address: 'q/again' }, credit_window: 1, autoaccept: false, rcv_settle_mode: 1 });
    let count = 0;
    await receive(receiver, ({ message, delivery }) => {
      assert.equal(message.body, 'one');
      count += 1;
      if (count === 1) delivery.release();
      else delivery.accept();
      return count === 2;
    });
  },

  async settled_both_ways(connection) {
    const sender = await openSender(connection, 'q/settled', { snd_settle_mode: 1 });
    for (let index = 0; index < 10; ++index) sender.send({ body: index });
    const receiver = connection.open_receiver({ source: { address: 'q/settled' }, snd_settle_mode: 1 });
    let count = 0;
    await receive(receiver, ({ message, delivery }) => {
      assert.equal(message.body, count++);
      assert.equal(delivery.remote_settled, true);
      return count === 10;
    });
  },

  async drain(connection) {
    const sender = await openSender(connection, 'q/drained');
    sender.send({ body: 'only' });
    await once(sender, 'accepted');
    const receiver = connection.open_receiver({ source: { address: 'q/drained' }, credit_window: 0 });
    let count = 0;
    receiver.on('message', () => { count += 1; });
    await once(receiver, 'receiver_open');
    for (let round = 0; round < 2; ++round) {
      receiver.drain_credit();
      receiver.add_credit(10);
      await once(receiver, 'receiver_drained');
      assert.equal(count, 1);
    }
  },

  async refused_links(connection) {
    const sender = connection.open_sender('refuse');
    await once(sender, 'sender_error');
    assert.equal(sender.error.condition, 'amqp:not-found');
    const receiver = connection.open_receiver('refuse');
    await once(receiver, 'receiver_error');
    assert.equal(receiver.error.condition, 'amqp:not-found');
    await openSender(connection, 'sink'); // the connection lives on
  },

  async many_messages_with_little_credit(connection) {
    const sender = await openSender(connection, 'q/many');
    let sent = 0;
    const more = () => { while (sent < MANY && sender.sendable()) sender.send({ body: sent++ }); };
    sender.on('sendable', more);
    more();
    const receiver = connection.open_receiver({ source: { address: 'q/many' }, credit_window: 7 });
    let count = 0;
    await receive(receiver, ({ message }) => {
      assert.equal(message.body, count++);
      return count === MANY;
    });
  },
};

const connection = await connect();
await cases[name](connection);
const ended = once(connection, 'connection_close');
connection.close();
await ended;
