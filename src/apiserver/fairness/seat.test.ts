import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { MANDATORY_PRIORITY_LEVELS } from '../../api/flow-control/bootstrap.ts';
import type { PriorityLevelConfiguration } from '../../api/generated/flowcontrol-v1.ts';
import type { ApiRequest, ApiResponse } from '../../api/message.ts';
import { newSimulatedClock } from '../../simulation/sim-clock.ts';
import { onBodyEnd } from '../audit/body-end.ts';
import { parseRequest } from '../route.ts';
import { FlowCounters } from './flow-counters.ts';
import { InflightPeak } from './inflight-peak.ts';
import { PriorityLevel } from './priority-level.ts';
import { Ticket } from './queue-set.ts';
import { Seat } from './seat.ts';

type Tunnel = Extract<ApiResponse['body'], { kind: 'tunnel' }>;

const [{ name, spec }] = MANDATORY_PRIORITY_LEVELS as [(typeof MANDATORY_PRIORITY_LEVELS)[0]];
const TUNNEL = { kind: 'tunnel', target: {} } as unknown as Tunnel;

/** A seat of `exempt`, and a request that came from outside. */
function newSeat(url: string, method: ApiRequest['method'] = 'GET') {
  const clock = newSimulatedClock();
  const level = new PriorityLevel({ metadata: { name }, spec } as PriorityLevelConfiguration, 0);
  const ticket = level.arrive('flow', 1, 0);
  if (!(ticket instanceof Ticket)) throw new Error('without limits there is always a seat');
  const counters = new FlowCounters(name, 'exempt');
  const use = { type: 'regular', inflight: new InflightPeak() } as const;
  counters.begun(1, 0);
  const [path = '', query = ''] = url.split('?');
  const peer = { kind: 'remote', address: '', certificate: undefined } as const;
  const request: ApiRequest = {
    method,
    path,
    query: new URLSearchParams(query),
    headers: {},
    body: { kind: 'none' },
    peer,
  };
  const end = new AbortController();
  const asked = { request, info: parseRequest(request), signal: end.signal };
  const answered = (body: ApiResponse['body']) =>
    new Seat({ level, counters }, ticket, clock, use).keptFor({ status: 200, headers: {}, body }, asked).body;
  return { end, answered, inUse: () => level.queues.seatsInUse };
}

test('Seat is kept for what an extension API server answers, until that has ended, whoever else follows it', () => {
  const { answered, end, inUse } = newSeat('/apis/example.com/v1/things');
  let ends = 0;
  const followed = onBodyEnd(answered(TUNNEL), () => ends++, end.signal) as Tunnel;
  equal(inUse(), 1);
  followed.onClosed!();
  equal(inUse(), 0);
  equal(ends, 1);
});

test('Seat is given back when its request is cancelled', () => {
  const { answered, end, inUse } = newSeat('/apis/example.com/v1/things');
  answered(TUNNEL);
  equal(inUse(), 1);
  end.abort();
  equal(inUse(), 0);
});

test('Seat is not kept for an extension’s watch, nor for what is complete', () => {
  const watch = newSeat('/apis/example.com/v1/things?watch=1');
  watch.answered(TUNNEL);
  equal(watch.inUse(), 0);
  const whole = newSeat('/version');
  whole.answered({ kind: 'none' });
  equal(whole.inUse(), 0);
});
