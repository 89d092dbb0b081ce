/**
 * What waits and what is executed, as tables for people: `/debug/api_priority_and_fairness/dump_*`. Of requests only those
 * that wait are told, as upstream does.
 *
 * @see k8s.io/apiserver/pkg/util/flowcontrol/apf_controller_debug.go
 */
import type { ApiRequest, ApiResponse } from '../../api/message.ts';
import { type Clock, toMicroTimestamp } from '../../base/clock.ts';
import type { PathResponder } from '../interfaces.ts';
import type { Fairness } from './fairness.ts';

type Row = readonly (string | number | boolean)[];

const ROOT = '/debug/api_priority_and_fairness/';

export function newFairnessDump(fairness: Fairness, clock: Clock): PathResponder {
  const dumps: Readonly<Record<string, () => readonly Row[]>> = {
    dump_priority_levels: () => dumpLevels(fairness),
    dump_queues: () => dumpQueues(fairness),
    dump_requests: () => dumpRequests(fairness, clock),
  };
  return {
    respond({ path, method }: ApiRequest): ApiResponse | undefined {
      if (method !== 'GET' || !path.startsWith(ROOT)) return undefined;
      const name = path.slice(ROOT.length);
      const dump = Object.hasOwn(dumps, name) ? dumps[name] : undefined;
      if (dump === undefined) return undefined;
      return {
        status: 200,
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        body: { kind: 'bytes', bytes: new TextEncoder().encode(aligned(dump())) },
      };
    },
  };
}

function dumpLevels({ levels }: Fairness): Row[] {
  return [
    ['PriorityLevelName', 'ActiveQueues', 'IsIdle', 'IsQuiescing', 'WaitingRequests', 'ExecutingRequests'],
    ...[...levels.all].map(({ name, queues, isIdle, isQuiescing }) => {
      const active = queues.queues.filter(({ waiting }) => waiting.size > 0).length;
      return [name, active, isIdle, isQuiescing, queues.waiting, queues.executing];
    }),
  ];
}

function dumpQueues({ levels }: Fairness): Row[] {
  const rows = [...levels.all].flatMap(({ name, queues }) =>
    queues.queues.map(({ waiting, executing, seatsInUse, seatsWaiting, nextDispatchR }, index) => [
      name,
      index,
      waiting.size,
      executing,
      seatsInUse,
      `${nextDispatchR.toFixed(8)}ss`,
      seatsWaiting,
    ]),
  );
  return [
    [
      'PriorityLevelName',
      'Index',
      'PendingRequests',
      'ExecutingRequests',
      'SeatsInUse',
      'NextDispatchR',
      'SeatsSum',
    ],
    ...rows,
  ];
}

/** Of those that wait: what is executed is in no queue any more. */
function dumpRequests({ levels }: Fairness, clock: Clock): Row[] {
  const startMs = clock.now() - clock.monotonicMs();
  const rows = [...levels.all].flatMap(({ name, queues }) =>
    queues.queues.flatMap(({ waiting }, queueIndex) =>
      [...waiting].map(({ flow, seats, arrivedMs }, index) => {
        const [schema = '', distinguisher = ''] = flow.split('\0');
        const arrived = toMicroTimestamp(startMs + arrivedMs);
        return [name, schema, queueIndex, index, distinguisher, arrived, seats];
      }),
    ),
  );
  return [
    [
      'PriorityLevelName',
      'FlowSchemaName',
      'QueueIndex',
      'RequestIndexInQueue',
      'FlowDistingsher',
      'ArriveTime',
      'InitialSeats',
    ],
    ...rows,
  ];
}

/** Columns one below the other. */
function aligned(rows: readonly Row[]): string {
  const texts = rows.map((row) => row.map((cell, index) => `${cell}${index + 1 < row.length ? ',' : ''}`));
  const widths = texts[0]!.map((_, index) => Math.max(...texts.map((row) => row[index]!.length)));
  return texts
    .map(
      (row) =>
        `${row
          .map((cell, index) => cell.padEnd(widths[index]! + 1))
          .join('')
          .trimEnd()}\n`,
    )
    .join('');
}
