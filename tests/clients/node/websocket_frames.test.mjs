// rhea over `ws`, which cuts and joins what rhea writes in every way that WebSockets allow; and what they do not allow.
import { assert, device, env, main, once, readEvents, require, within } from './case.mjs';
import { ACCEPTED, openSender, rhea, send } from './rhea_links.mjs';

const WebSocket = require('ws');

const URL = `wss://${env.HUB_HOST}:${env.HTTPS_PORT}/$iothub/websocket`;
const LARGE = 200_000;
const WAYS = {
  // each byte a message of its own
  'byte by byte': (socket, bytes) => bytes.forEach((byte) => socket.sendMessage(Buffer.of(byte))),
  // messages that end within AMQP frames
  'in sevens': (socket, bytes) => {
    for (let at = 0; at < bytes.length; at += 7) socket.sendMessage(bytes.subarray(at, at + 7));
  },
  // one message in fragments, some of them empty, with pings in between
  'in fragments': (socket, bytes) => {
    const middle = bytes.length >> 1;
    socket.sendMessage(bytes.subarray(0, middle), { fin: false });
    socket.ping('in the middle');
    socket.sendMessage(Buffer.alloc(0), { fin: false });
    socket.sendMessage(bytes.subarray(middle), { fin: true });
  },
  // all that is written in one turn as one message
  joined: (socket, bytes) => {
    if (socket.waiting === undefined) {
      socket.waiting = [];
      setImmediate(() => {
        socket.sendMessage(Buffer.concat(socket.waiting));
        socket.waiting = undefined;
      });
    }
    socket.waiting.push(bytes);
  },
  compressed: (socket, bytes) => socket.sendMessage(bytes), // offered with permessage-deflate; the hub does not agree to it
};

function socketThatSends(way) {
  return class extends WebSocket {
    constructor(url, protocols, options) {
      super(url, protocols, { ...options, perMessageDeflate: way === WAYS.compressed });
    }

    send(data) {
      way(this, Buffer.from(data));
    }

    sendMessage(bytes, options = {}) {
      super.send(bytes, { binary: true, ...options });
    }
  };
}

async function connect(way) {
  const container = rhea.create_container();
  const dev1 = device();
  const connection = container.connect({
    connection_details: container.websocket_connect(socketThatSends(way))(URL, ['AMQPWSB10'], {}),
    username: dev1.username, password: dev1.token(), reconnect: false,
  });
  await once(connection, 'connection_open');
  return connection;
}

async function sendsTelemetry(name, way) {
  const connection = await connect(way);
  const sender = await openSender(connection, device().address('messages/events'));
  const size = name === 'byte by byte' ? 1_000 : LARGE;
  for (const body of [name, name + 'x'.repeat(size)]) {
    assert.equal((await send(sender, { body: rhea.message.data_section(Buffer.from(body)) })).outcome, ACCEPTED, `${name}, ${body.length}`);
  }
  connection.close();
  await once(connection, 'connection_close');
}

function open(protocol, path = '/$iothub/websocket') {
  const socket = new WebSocket(URL.replace('/$iothub/websocket', path), protocol);
  return within(new Promise((resolve, reject) => {
    socket.on('open', () => resolve(socket));
    socket.on('unexpected-response', (_, response) => {
      let text = '';
      response.on('data', (data) => { text += data; });
      response.on('end', () => reject(Object.assign(new Error(text), { status: response.statusCode })));
    });
    socket.on('error', reject);
  }), `WebSocket with ${protocol}`);
}

const closeOf = (socket) => within(new Promise((resolve) => socket.on('close', (code) => resolve(code))), 'close');

// What is not AMQP over WebSockets is told so.
async function refusals() {
  await assert.rejects(open('mqtt'), (error) => error.status === 400 && /must offer AMQPWSB10/.test(JSON.parse(error.message).Message));
  await assert.rejects(open([]), (error) => error.status === 400);
  await assert.rejects(open('AMQPWSB10', '/$iothub'), (error) => error.status === 404);

  const text = await open('AMQPWSB10');
  assert.equal(text.protocol, 'AMQPWSB10');
  const closed = closeOf(text);
  text.send('AMQP');
  assert.equal(await closed, 1003);

  const silent = await open('amqp', '/$ServiceBus/WebSocket/?query=any');
  assert.equal(silent.protocol, 'amqp');
  const answer = within(new Promise((resolve) => silent.on('pong', (data) => resolve(String(data)))), 'pong');
  silent.ping('are you there');
  assert.equal(await answer, 'are you there');
  const left = closeOf(silent);
  silent.close(1001);
  assert.equal(await left, 1001);
}

await main(async () => {
  for (const [name, way] of Object.entries(WAYS)) await sendsTelemetry(name, way);
  const events = await readEvents(2 * Object.keys(WAYS).length);
  const bodies = events.map((event) => String(event.body));
  for (const name of Object.keys(WAYS)) assert.equal(bodies.filter((body) => body.startsWith(name)).length, 2, name);
  await refusals();
  return `AMQP over WebSockets ${Object.keys(WAYS).join(', ')}; text and foreign sub-protocols are refused with the reason`;
});
