/** The metrics registry of a process: prom-client behind the narrow interfaces that components declare. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ControllerMetrics } from '../controllers/framework/metrics.ts';
import type { AuditCount } from './audit.ts';

export interface ProcessMetrics {
  controllers: ControllerMetrics;
  /** Tells how many lines the audit log has taken, and how many were lost on which way. */
  countAudit(count: () => AuditCount): void;
  /** Prometheus' text format. */
  text: () => Promise<string>;
}

export function newMetrics(): ProcessMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const depth = new Gauge({
    name: 'workqueue_depth',
    help: 'Keys that wait for a worker',
    labelNames: ['name'],
    registers,
  });
  const duration = new Histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'How long one key was worked on',
    labelNames: ['name'],
    buckets: [0.0001, 0.001, 0.01, 0.1, 1, 10],
    registers,
  });
  const synced = new Counter({
    name: 'kintsugi_controller_syncs_total',
    help: 'Keys worked on, by how it ended',
    labelNames: ['name', 'outcome'],
    registers,
  });
  return {
    controllers: {
      synced(name, outcome, durationMs) {
        duration.observe({ name }, durationMs / 1000);
        synced.inc({ name, outcome });
      },
      queueDepth: (name, value) => depth.set({ name }, value),
    },
    countAudit: (count) => addAuditCounters(registry, count),
    text: () => registry.metrics(),
  };
}

/** @see k8s.io/apiserver/pkg/audit/metrics.go */
function addAuditCounters(registry: Registry, count: () => AuditCount): void {
  const registers = [registry];
  const taken = new Counter({
    name: 'apiserver_audit_event_total',
    help: 'Events that were given to the audit log',
    registers,
    collect() {
      taken.reset();
      taken.inc(count().taken);
    },
  });
  const lost = new Counter({
    name: 'apiserver_audit_error_total',
    help: 'Events that the audit log has lost',
    labelNames: ['plugin'],
    registers,
    collect() {
      lost.reset();
      for (const [plugin, events] of Object.entries(count().dropped)) lost.inc({ plugin }, events);
    },
  });
}
