/** The server over real sockets on loopback, with a resolver of the test's own behind it. */
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { type Answer, decode, encode, type Packet } from 'dns-packet';
import fc from 'fast-check';
import { silentLogger } from '../../base/logger.ts';
import { systemClock } from '../../platform/system-clock.ts';
import { systemRandom } from '../../platform/system-random.ts';
import type { DnsQuestion, DnsRecord, ZoneAnswer } from '../dns-records.ts';
import { type DnsServer, newDnsServer } from './dns-server.ts';
import { withLength } from './tcp-frames.ts';

const MANY = 100;
const ANSWER_DEADLINE_MS = 10_000;
const address = (name: string, data: string): DnsRecord => ({ type: 'A', name, data });

function zoneAnswer({ name }: DnsQuestion): ZoneAnswer | undefined {
  const records = (answers: DnsRecord[]) => ({ kind: 'records' as const, answers, additionals: [] });
  const alias = (data: string) => records([{ type: 'CNAME', name, data }]);
  switch (name) {
    case 'web.cluster.local':
      return records([address(name, '10.1.0.7')]);
    case 'many.cluster.local':
      return records(Array.from({ length: MANY }, (_, i) => address(name, `10.1.0.${i}`)));
    case 'nothing.cluster.local':
      return records([]);
    case 'near.cluster.local':
      return alias('web.cluster.local');
    case 'far.cluster.local':
      return alias('known.example');
    case 'circle.cluster.local':
      return alias('circle.cluster.local');
    case 'early.cluster.local':
      return undefined;
    default:
      return { kind: name.endsWith('.local') ? 'nameError' : 'notOurs' };
  }
}

/** Answers `known.example`, and nothing to any other name. */
const resolver = dgram.createSocket('udp4');
const heard: string[] = [];
let server: DnsServer;
let port: number;

before(async () => {
  resolver.bind(0, '127.0.0.1');
  await once(resolver, 'listening');
  resolver.on('message', (message, client) => {
    const { id, questions = [] } = decode(message);
    heard.push(questions[0]!.name);
    if (questions[0]!.name !== 'known.example') return;
    const answers: Answer[] = [{ type: 'A', name: 'known.example', ttl: 9, data: '192.0.2.7' }];
    resolver.send(encode({ type: 'response', id: id!, questions, answers }), client.port, client.address);
  });
  server = newDnsServer({
    clock: systemClock,
    log: silentLogger,
    random: systemRandom,
    resolvers: ['127.0.0.1'],
    resolverPort: resolver.address().port,
    zone: { domain: 'cluster.local', answer: zoneAnswer },
  });
  port = await server.listen('127.0.0.1', 0);
});

after(() => {
  server.close();
  resolver.close();
});

const questionOf = (name: string, more: Partial<Packet> = {}) =>
  encode({ type: 'query', id: 7, flags: 0x100, questions: [{ name, type: 'A', class: 'IN' }], ...more });

async function sendUdp(message: Buffer): Promise<Buffer> {
  const socket = dgram.createSocket('udp4');
  try {
    socket.send(message, port, '127.0.0.1');
    const signal = AbortSignal.timeout(ANSWER_DEADLINE_MS);
    return ((await once(socket, 'message', { signal })) as [Buffer])[0];
  } finally {
    socket.close();
  }
}

const askUdp = async (name: string, more: Partial<Packet> = {}) => {
  return decode(await sendUdp(questionOf(name, more))) as unknown as Packet & Record<string, unknown>;
};
const dataOf = ({ answers = [] }: Packet) => answers.map((answer) => (answer as { data?: unknown }).data);

test('newDnsServer answers for the zone with authority, in the letters of the question', async () => {
  const reply = await askUdp('Web.Cluster.LOCAL');
  assert.equal(reply['flag_aa'], true);
  assert.equal(reply.questions?.[0]?.name, 'Web.Cluster.LOCAL');
  assert.deepEqual(dataOf(reply), ['10.1.0.7']);
});

test('newDnsServer says for how long a name may be remembered as absent', async () => {
  const missing = await askUdp('missing.cluster.local');
  assert.equal(missing['rcode'], 'NXDOMAIN');
  assert.equal(missing.authorities?.[0]?.type, 'SOA');
  const empty = await askUdp('nothing.cluster.local');
  assert.equal(empty['rcode'], 'NOERROR');
  assert.deepEqual([dataOf(empty), empty.authorities?.length], [[], 1]);
});

test('newDnsServer follows aliases, in the zone and out of it, and not in a circle', async () => {
  assert.deepEqual(dataOf(await askUdp('near.cluster.local')), ['web.cluster.local', '10.1.0.7']);
  assert.deepEqual(dataOf(await askUdp('far.cluster.local')), ['known.example', '192.0.2.7']);
  assert.ok(dataOf(await askUdp('circle.cluster.local')).length < 20);
});

test('newDnsServer asks the machine for other names, and never for those of the zone', async () => {
  const reply = await askUdp('known.example');
  assert.equal(reply.id, 7);
  assert.deepEqual(dataOf(reply), ['192.0.2.7']);
  assert.ok(!heard.some((name) => name.endsWith('cluster.local')), heard.join());
});

test('newDnsServer fails a question that no resolver answers, and one that comes too early', async () => {
  assert.equal((await askUdp('silent.example'))['rcode'], 'SERVFAIL');
  assert.equal((await askUdp('early.cluster.local'))['rcode'], 'SERVFAIL');
});

test('newDnsServer cuts what does not fit into a datagram, and sends all of it by TCP', async () => {
  const cut = await askUdp('many.cluster.local');
  assert.deepEqual([cut['flag_tc'], dataOf(cut)], [true, []]);
  const socket = net.connect(port, '127.0.0.1');
  const question = withLength(questionOf('many.cluster.local'));
  socket.write(question.subarray(0, 5));
  socket.write(Buffer.concat([question.subarray(5), withLength(questionOf('web.cluster.local'))]));
  const replies: number[] = [];
  let held = Buffer.alloc(0);
  for await (const chunk of socket) {
    held = Buffer.concat([held, chunk as Buffer]);
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const end = 2 + held.readUInt16BE(0);
      replies.push(dataOf(decode(held.subarray(2, end))).length);
      held = held.subarray(end);
    }
    if (replies.length === 2) break;
  }
  assert.deepEqual(
    replies.sort((a, b) => a - b),
    [1, MANY],
  );
});

test('newDnsServer refuses what it cannot read, and goes on', async () => {
  const refused = decode(await sendUdp(Buffer.concat([Buffer.from([0, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])])));
  assert.deepEqual([refused.id, (refused as unknown as { rcode: string }).rcode], [9, 'FORMERR']);
  const stray = dgram.createSocket('udp4');
  const garbage = fc.sample(fc.uint8Array({ maxLength: 80 }), 50);
  for (const bytes of garbage) stray.send(bytes, port, '127.0.0.1');
  // Whatever is a name of others in there would be asked for: it goes no further than this test's resolver.
  assert.deepEqual(dataOf(await askUdp('web.cluster.local')), ['10.1.0.7']);
  stray.close();
});

test('newDnsServer reports a port that is taken, and leaves nothing open', async () => {
  const parts = { clock: systemClock, log: silentLogger, random: systemRandom, resolvers: [] };
  const second = newDnsServer({ ...parts, zone: { domain: 'cluster.local', answer: zoneAnswer } });
  await assert.rejects(second.listen('127.0.0.1', port), { code: 'EADDRINUSE' });
});
