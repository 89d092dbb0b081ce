/** DNS messages: from bytes to the question that is asked, and from an answer to bytes. The codec is dns-packet's. */
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Packet,
  RECURSION_AVAILABLE,
} from 'dns-packet';
import type { DnsQuestion, DnsRecord } from '../dns-records.ts';

export interface DnsQuery {
  id: number;
  flags: number;
  /** As it was written: the answer repeats the letters' case. */
  name: string;
  question: DnsQuestion;
  class: string;
  /** What the asker can take in one datagram. */
  sizeMax: number;
  hasEdns: boolean;
}

/** RFC 6895. */
export const RCODES = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
} as const;
export type Rcode = (typeof RCODES)[keyof typeof RCODES];

export interface DnsReply {
  rcode: Rcode;
  answers: readonly DnsRecord[];
  additionals?: readonly DnsRecord[];
  /** The zone whose silence this is; absent for what others answered. */
  zone?: string;
  ttlSeconds: number;
}

/** RFC 1035 4.2.1: without EDNS. */
const SIZE_PLAIN = 512;
/** Never fragmented on any path. @see DNS flag day 2020 */
const SIZE_EDNS = 1232;
const HEADER_BYTES = 12;
const RECURSION_DESIRED = 0x0100;
const RESPONSE = 0x8000;
const TRUNCATED = 0x0200;
const OPCODE_MASK = 0x7800;

/** `undefined` for what is no query: nothing can be answered to it. `malformed` names the rcode to refuse it with. */
export function parseQuery(
  message: Buffer,
): { query: DnsQuery } | { malformed: Rcode; id: number } | undefined {
  if (message.length < HEADER_BYTES || (message.readUInt16BE(2) & RESPONSE) !== 0) return undefined;
  const id = message.readUInt16BE(0);
  if ((message.readUInt16BE(2) & OPCODE_MASK) !== 0) return { malformed: RCODES.notImplemented, id };
  const packet = decodePacket(message);
  const [question, ...others] = packet?.questions ?? [];
  if (packet === undefined || question === undefined || others.length > 0)
    return { malformed: RCODES.formatError, id };
  const edns = packet.additionals?.find((record) => record.type === 'OPT');
  return {
    query: {
      id,
      flags: packet.flags ?? 0,
      name: question.name,
      question: { name: question.name.toLowerCase(), type: question.type },
      class: question.class ?? 'IN',
      sizeMax:
        edns === undefined ? SIZE_PLAIN : Math.min(SIZE_EDNS, Math.max(SIZE_PLAIN, edns.udpPayloadSize)),
      hasEdns: edns !== undefined,
    },
  };
}

/** The answer's records of a message from another resolver; `undefined` when it makes no sense. */
export function parseAnswers(message: Buffer): { rcode: Rcode; answers: DnsRecord[] } | undefined {
  const packet = decodePacket(message);
  if (packet === undefined) return undefined;
  const answers = (packet.answers ?? []).filter(
    ({ type }) => type === 'A' || type === 'AAAA' || type === 'CNAME',
  );
  return { rcode: ((packet.flags ?? 0) & 0xf) as Rcode, answers: answers as unknown as DnsRecord[] };
}

/** @param sizeMax  a longer answer is cut to none, and marked so that the asker comes back by TCP */
export function encodeReply(query: DnsQuery, reply: DnsReply, sizeMax = Number.POSITIVE_INFINITY): Buffer {
  const { rcode, answers, additionals = [], zone, ttlSeconds } = reply;
  const toAnswer = (record: DnsRecord) => ({ ...record, ttl: ttlSeconds, class: 'IN' }) as unknown as Answer;
  const flags =
    (query.flags & RECURSION_DESIRED) |
    RECURSION_AVAILABLE |
    (zone === undefined ? 0 : AUTHORITATIVE_ANSWER) |
    rcode;
  const isNegative = zone !== undefined && answers.length === 0;
  const packet: Packet = {
    type: 'response',
    id: query.id,
    flags,
    questions: [{ name: query.name, type: query.question.type as 'A', class: query.class as 'IN' }],
    answers: answers.map(toAnswer),
    authorities: isNegative ? [startOfAuthority(zone, ttlSeconds)] : [],
    additionals: [...additionals.map(toAnswer), ...(query.hasEdns ? [edns()] : [])],
  };
  const whole = encode(packet);
  if (whole.length <= sizeMax) return whole;
  const lean = encode({ ...packet, additionals: query.hasEdns ? [edns()] : [] });
  if (lean.length <= sizeMax) return lean;
  return encode({
    ...packet,
    flags: flags | TRUNCATED,
    answers: [],
    additionals: query.hasEdns ? [edns()] : [],
  });
}

/** To a message of which only the header could be read. */
export function encodeRefusal(id: number, rcode: Rcode): Buffer {
  return encode({ type: 'response', id, flags: RECURSION_AVAILABLE | rcode });
}

/** A question of our own. */
export function encodeQuestion(id: number, { name, type }: DnsQuestion): Buffer {
  return encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED,
    questions: [{ name, type: type as 'A', class: 'IN' }],
    additionals: [edns()],
  });
}

function decodePacket(message: Buffer): Packet | undefined {
  try {
    return decode(message);
  } catch {
    return undefined; // not a DNS message
  }
}

function edns(): Answer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: SIZE_EDNS,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
}

/** How long a name may be remembered as absent is its last field. @see CoreDNS plugin/kubernetes */
function startOfAuthority(zone: string, ttlSeconds: number): Answer {
  return {
    type: 'SOA',
    name: zone,
    ttl: ttlSeconds,
    class: 'IN',
    data: {
      mname: `ns.dns.${zone}`,
      rname: `hostmaster.${zone}`,
      serial: 1,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: ttlSeconds,
    },
  };
}
