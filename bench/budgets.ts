/** What the product promises, as the design's table of budgets has it, in the measurements' terms. */

export interface Budget {
  what: string;
  /** A {@link Measurement.metric}; one that nothing measured yet is shown as such. */
  metric: string;
  /** Which of the measurement's numbers is bound. */
  of: 'value' | 'p99';
  bound: 'at most' | 'at least';
  limit: number;
  unit: string;
}

const atMost = (what: string, metric: string, limit: number, unit: string): Budget => {
  return { what, metric, of: 'value', bound: 'at most', limit, unit };
};
const atLeast = (what: string, metric: string, limit: number, unit: string): Budget => {
  return { what, metric, of: 'value', bound: 'at least', limit, unit };
};
const p99AtMost = (what: string, metric: string, limit: number): Budget => {
  return { what, metric, of: 'p99', bound: 'at most', limit, unit: 'ms' };
};

export const budgets: readonly Budget[] = [
  atMost('up to /readyz 200, empty data directory', 'up-ready-empty', 800, 'ms'),
  atMost('up to /readyz 200, 10,000 objects', 'up-ready-10000', 1500, 'ms'),
  atMost('resident memory, idle: server', 'memory-server', 90, 'MB'),
  atMost('resident memory, idle: agent', 'memory-agent', 70, 'MB'),
  atMost('resident memory, idle: keeper', 'memory-keeper', 50, 'MB'),
  atMost('idle CPU, whole tree, one node with 10 Pods', 'cpu-idle', 1, '% of a core'),
  atLeast('create Pods, durable, TLS, 32 clients', 'api-create-32', 4000, '/s'),
  p99AtMost('create Pods, durable, TLS, 32 clients: latency', 'api-create-latency-32', 25),
  atLeast(
    'create Pods with an audit log (Metadata), against none',
    'api-create-audited',
    0.85,
    'x unaudited',
  ),
  atLeast('create custom objects with rules in CEL, 32 clients', 'api-create-ruled-32', 2000, '/s'),
  atLeast(
    'create Pods through a validating webhook, 32 clients',
    'api-create-webhook-share',
    0.2,
    'x without webhook',
  ),
  atLeast('create Pods that a quota counts, 32 clients', 'api-create-quota-32', 4000, '/s'),
  atLeast('apply Pods, 32 clients', 'api-apply-32', 1500, '/s'),
  atMost('1,000 idle watchers on 100 connections', 'api-idle-watchers-memory', 20, 'MB'),
  atMost('500 definitions: server ready', 'server-ready-500-definitions', 2500, 'ms'),
  atMost('500 definitions: server resident', 'memory-server-500-definitions', 200, 'MB'),
  atLeast('get one Pod, 32 clients', 'api-get-32', 8000, '/s'),
  atMost('list 10,000 Pods (33 MB), whole', 'api-list-10000', 120, 'ms'),
  atLeast('get one Pod in protobuf, 32 clients, against JSON', 'api-protobuf-get', 0.95, 'x JSON'),
  atLeast('list 10,000 Pods in protobuf, against JSON', 'api-protobuf-list', 1, 'x JSON'),
  p99AtMost("watch, 100 watchers: event after the write's answer", 'api-watch-100', 3),
  atLeast('watch, 100 watchers: updates sustained', 'api-watch-updates-100', 1000, '/s'),
  p99AtMost('container exit to restarted process, first crash', 'restart-after-exit', 50),
  atMost('Pod deleted to replacement Ready', 'replacement-ready', 300, 'ms'),
  atLeast('scheduler, 1,000 nodes', 'scheduler-1000-nodes', 2000, 'Pods/s'),
  atLeast('store: durable writes, 3.3 KB, 32 writers', 'store-writes-32', 20_000, '/s'),
  atMost('store: longest event-loop stall under 32 writers', 'store-write-stall-32', 30, 'ms'),
  atLeast('store: durable writes, 3.3 KB, 1 writer', 'store-writes-1', 2300, '/s'),
  atMost('store: list 10,000 Pods', 'store-list-10000', 20, 'ms'),
  atMost('store: load 10,000 Pods', 'store-load-10000', 400, 'ms'),
  p99AtMost("store: 100 watchers: event after the write's answer", 'store-fan-out-100', 1),
  p99AtMost("store: 500 watchers: event after the write's answer", 'store-fan-out-500', 3),
  atLeast('simulation: 3 nodes, 30 Pods idle', 'simulation-idle', 10_000, 'x real time'),
  atLeast('simulation: the same under swarm faults, checked', 'simulation-swarm', 1000, 'x real time'),
  atMost('simulation: 1,000 nodes, 10,000 Pods from apply to Running', 'simulation-apply', 10, 's'),
  atMost('simulation: the same, resident at most', 'simulation-apply-memory', 1500, 'MB'),
  atMost("simulation: 5,000 nodes, 150,000 Pods, a node's death", 'simulation-node-death', 5, 's'),
  atMost('simulation: the same, resident', 'simulation-held-memory', 4000, 'MB'),
  atMost('a cluster in a test: started, one node ready', 'testing-start', 50, 'ms'),
  atMost('a cluster in a test: the first, import included', 'testing-first-start', 250, 'ms'),
];
