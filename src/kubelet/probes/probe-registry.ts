/**
 * All probe workers of the node: one per running container and probe. The Pod's worker says which containers run; this
 * starts and stops workers to match, keeps their results, and wakes the Pod's worker when one changes.
 *
 * Order for one container: the startup probe alone first; liveness and readiness when it has passed.
 * A container that an earlier agent started begins with what the API last reported, so a restart of the agent flips nothing.
 */

import type { Container, Pod, Probe } from '../../api/generated/core-v1.ts';
import { isCancellation, newScope } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Random } from '../../base/random.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { ContainerRuntime, ContainerStatus } from '../../container-runtime/runtime.ts';
import { containerSubject } from '../container-events.ts';
import { findContainer } from '../container-identity.ts';
import type { ProbeResult, ProbeResults, ProbeType } from '../pod-observation.ts';
import { initialProbeState, type ProbeState } from './probe-accumulator.ts';
import { runProbeWorker } from './probe-worker.ts';
import type { Prober } from './prober.ts';
import { runProbe } from './run-probe.ts';

export interface ProbeRegistryDeps {
  clock: Clock;
  random: Random;
  log: Logger;
  events: EventRecorder;
  runtime: ContainerRuntime;
  prober: Prober;
}

/** A running container to probe. */
export interface ProbedContainer {
  instance: ContainerStatus;
  podIp: string;
  /** The container is being stopped: only readiness matters still. */
  isStopping: boolean;
}

interface Entry {
  result: ProbeResult;
  abort: AbortController;
}

const PROBE_FIELD: Record<ProbeType, 'startupProbe' | 'livenessProbe' | 'readinessProbe'> = {
  startup: 'startupProbe',
  liveness: 'livenessProbe',
  readiness: 'readinessProbe',
};
const PROBE_TYPES: readonly ProbeType[] = ['startup', 'liveness', 'readiness'];
const PROBE_LABEL: Record<ProbeType, string> = {
  startup: 'Startup',
  liveness: 'Liveness',
  readiness: 'Readiness',
};

export class ProbeRegistry {
  readonly #deps: ProbeRegistryDeps;
  /** By Pod uid, then by `containerId/type`. */
  readonly #pods = new Map<string, Map<string, Entry>>();
  /** Set by the kubelet: the Pod's result has changed. */
  onChange: (podUid: string) => void = () => {};

  constructor(deps: ProbeRegistryDeps) {
    this.#deps = deps;
  }

  /** Starts and stops workers so that exactly `containers` are probed. */
  sync(pod: Pod, containers: readonly ProbedContainer[], signal: AbortSignal): void {
    const { uid } = pod.metadata;
    const entries = this.#pods.get(uid) ?? new Map<string, Entry>();
    const live = new Set<string>();
    for (const probed of containers) {
      const spec = findContainer(pod, probed.instance.metadata.name)?.spec;
      if (spec === undefined) continue;
      for (const type of PROBE_TYPES) {
        const key = `${probed.instance.id}/${type}`;
        if (spec[PROBE_FIELD[type]] === undefined) continue;
        live.add(key);
        const entry = entries.get(key);
        if (probed.isStopping && type !== 'readiness') entry?.abort.abort();
        else if (entry === undefined) this.#add(pod, probed, { spec, type, entries }, signal);
      }
    }
    for (const [key, entry] of entries) {
      if (live.has(key)) continue;
      entry.abort.abort();
      entries.delete(key);
    }
    // Most Pods have no probes.
    if (entries.size > 0) this.#pods.set(uid, entries);
    else this.#pods.delete(uid);
  }

  /** Stops everything of the Pod and forgets it. */
  remove(podUid: string): void {
    for (const { abort } of this.#pods.get(podUid)?.values() ?? []) abort.abort();
    this.#pods.delete(podUid);
  }

  /** What counts now for the Pod's containers; see {@link ProbeResults}. */
  results(pod: Pod, containers: readonly ContainerStatus[]): ProbeResults {
    const entries = this.#pods.get(pod.metadata.uid);
    const specs = new Map(
      containers.map(({ id, metadata }) => [id, findContainer(pod, metadata.name)?.spec]),
    );
    return {
      get: (containerId, type) => {
        const entry = entries?.get(`${containerId}/${type}`);
        if (entry !== undefined) return entry.result;
        const spec = specs.get(containerId);
        return spec?.[PROBE_FIELD[type]] === undefined ? 'success' : initialProbeState(type).result;
      },
    };
  }

  #add(
    pod: Pod,
    probed: ProbedContainer,
    target: { spec: Container; type: ProbeType; entries: Map<string, Entry> },
    signal: AbortSignal,
  ): void {
    const { spec, type, entries } = target;
    const startup = entries.get(`${probed.instance.id}/startup`);
    const initial = initialProbeState(type, knownResult(pod, probed.instance, type));
    const entry: Entry = { result: initial.result, abort: newScope(signal) };
    entries.set(`${probed.instance.id}/${type}`, entry);
    const begin = (atOnce: boolean) => {
      this.#run(pod, probed, { spec, type, entry, initial, atOnce }, entry.abort.signal);
    };
    if (type === 'startup' || startup === undefined || startup.result === 'success') begin(false);
    else this.#afterStartup(startup, () => begin(type === 'readiness'));
  }

  readonly #waiting = new Map<Entry, (() => void)[]>();

  #afterStartup(startup: Entry, begin: () => void): void {
    this.#waiting.set(startup, [...(this.#waiting.get(startup) ?? []), begin]);
    startup.abort.signal.addEventListener('abort', () => this.#waiting.delete(startup), { once: true });
  }

  #run(
    pod: Pod,
    { instance, podIp }: ProbedContainer,
    worker: { spec: Container; type: ProbeType; entry: Entry; initial: ProbeState; atOnce: boolean },
    signal: AbortSignal,
  ): void {
    const { spec, type, entry, initial, atOnce } = worker;
    const { clock, events, log, random } = this.#deps;
    const probe: Probe = spec[PROBE_FIELD[type]]!;
    const subject = containerSubject(pod, spec.name);
    const onResult = (result: ProbeResult) => {
      entry.result = result;
      for (const begin of result === 'success' ? (this.#waiting.get(entry) ?? []) : []) begin();
      this.#waiting.delete(entry);
      this.onChange(pod.metadata.uid);
    };
    const report = (kind: 'failed' | 'errored' | 'warning', output: string) => {
      const label = PROBE_LABEL[type];
      if (kind === 'warning')
        events.event(subject, 'Warning', 'ProbeWarning', `${label} probe warning: ${output}`);
      else if (kind === 'failed')
        events.event(subject, 'Warning', 'Unhealthy', `${label} probe failed: ${output}`);
      else {
        const text = `${label} probe errored and resulted in unknown state: ${output}`;
        events.event(subject, 'Warning', 'Unhealthy', text);
      }
    };
    const ask = (scope: AbortSignal) =>
      runProbe(this.#deps, { container: spec, containerId: instance.id, podIp }, probe, scope);
    const schedule = { type, probe, startedAtMs: instance.startedAtMs, initial, atOnce };
    const own = random.fork(`probe/${instance.id}/${type}`);
    runProbeWorker({ clock, random: own, ask, report, onResult }, schedule, signal).catch(
      (error: unknown) => {
        if (!signal.aborted && !isCancellation(error, signal)) log.error('probe worker ended', { error });
      },
    );
  }
}

/** What the API last said of this very container; only for one that was reported before. */
function knownResult(pod: Pod, instance: ContainerStatus, type: ProbeType): ProbeResult | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const known = [...containerStatuses, ...initContainerStatuses].find(
    ({ containerID }) => containerID?.endsWith(`://${instance.id}`) === true,
  );
  if (known === undefined || type === 'liveness') return undefined;
  if (type === 'startup') return known.started === true ? 'success' : undefined;
  return known.ready ? 'success' : undefined;
}
