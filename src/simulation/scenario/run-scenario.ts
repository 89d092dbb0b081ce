/**
 * Runs a scenario: the cluster comes up, then everything happens at its time, and is compared with what is expected.
 *
 *     world starts ─► nodes ready: time 0 ─► manifests, steps, faults, moments to look at ─► end ─► faults end ─► healed
 */
import { NODES, SERVICE_ACCOUNTS } from '../../api/resources.ts';
import { isCancellation } from '../../base/abort.ts';
import { StatusError } from '../../base/status-error.ts';
import { type AttachedCheckers, attachCheckers } from '../checkers/attach-checkers.ts';
import { partiesOf } from '../faults/fault.ts';
import { SERVES_ANYTHING } from '../sim-program.ts';
import { Timeline } from '../timeline/timeline.ts';
import { World } from '../world/world.ts';
import { drawSwarm } from './draw-swarm.ts';
import type { Outcome } from './outcome.ts';
import { ScenarioRecorder } from './recorder.ts';
import { applyManifest } from './requests.ts';
import type { Scenario, ScenarioStep, ScenarioSwarm } from './scenario.ts';
import { beginFaultFor, type StepContext } from './step-context.ts';
import type { Failure } from './watch-condition.ts';

/** Nodes register and default service accounts are made within this time. */
const UP_WITHIN_MS = 60_000;
const HEALED_EVERY_MS = 1000;
/** Entries of the timeline: scenarios are short. */
const ENTRIES_MAX = 50_000;

/** Runs it once; the same scenario has the same outcome. */
export async function runScenario(scenario: Scenario): Promise<Outcome> {
  const run = new ScenarioRun(scenario);
  await run.start();
  await run.play();
  return run.finish();
}

interface Appointment {
  atMs: number;
  act(): void;
}

class ScenarioRun {
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #recorder: ScenarioRecorder;
  readonly #checkers: AttachedCheckers;
  readonly #over = new AbortController();
  readonly #context: Omit<StepContext, 'random'>;
  readonly #failures: Failure[] = [];
  /** Of faults that have begun. */
  readonly #ends: (() => void)[] = [];
  /** Steps that the API has not answered. */
  readonly #asked = new Set<ScenarioStep>();
  #timeline: Timeline | undefined;
  #startMs = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    const { seed, cluster, programs } = scenario;
    this.#world = new World({ seed, programs, defaultProgram: SERVES_ANYTHING, ...cluster });
    this.#recorder = new ScenarioRecorder(this.#world, scenario.expect, () => this.#nowMs());
    this.#checkers = attachCheckers(this.#world);
    this.#context = {
      world: this.#world,
      client: this.#world.client(),
      signal: this.#over.signal,
      onEnd: (end) => this.#ends.push(end),
    };
  }

  /** Up to time 0, which is a whole second. */
  async start(): Promise<void> {
    const world = this.#world;
    const { clock } = world;
    await world.start();
    await world.until(() => isUp(world), UP_WITHIN_MS);
    await world.advance(1000 - (clock.monotonicMs() % 1000));
    this.#startMs = clock.monotonicMs();
    this.#timeline = new Timeline({ startMs: clock.now(), firstMax: ENTRIES_MAX, lastMax: ENTRIES_MAX });
    world.onEvent((event) => this.#timeline?.record(event));
    this.#recorder.begin();
  }

  async play(): Promise<void> {
    const { manifests, steps, swarm, durationMs } = this.#scenario;
    const agenda: Appointment[] = [
      ...manifests.map((manifest, index) => {
        const { place } = manifest;
        const run = (context: StepContext) => applyManifest(context, manifest);
        return this.#appoint({ atMs: 0, place, run, refused: undefined }, `manifest ${index}`);
      }),
      ...steps.map((step, index) => this.#appoint(step, `step ${index}`)),
      ...this.#drawFaults(swarm),
    ].sort((a, b) => a.atMs - b.atMs);
    const moments = new Set([...agenda.map(({ atMs }) => atMs), ...this.#recorder.momentsMs, durationMs]);
    for (const atMs of [...moments].sort((a, b) => a - b)) {
      await this.#world.advance(Math.max(0, atMs - this.#nowMs()));
      for (const appointment of agenda) {
        if (appointment.atMs !== atMs) continue;
        appointment.act();
        await this.#world.advance(0);
      }
      this.#recorder.settled(atMs);
    }
    this.#failures.push(...this.#recorder.conclude());
  }

  async finish(): Promise<Outcome> {
    const { name, expect, durationMs, healWithinMs } = this.#scenario;
    const timeline = (this.#timeline as Timeline).entries();
    const history = { containers: this.#recorder.containers, timeline, durationMs };
    for (const { place, ...expectation } of expect) {
      if (!('history' in expectation)) continue;
      const condition = expectation.history;
      const actual = condition.contradiction(history);
      if (actual !== undefined) this.#failures.push({ place, expected: condition.expected, actual });
    }
    for (const { place } of this.#asked) {
      this.#failures.push({ place, expected: 'the API answers', actual: 'it did not until the end' });
    }
    this.#over.abort(new Error('the scenario is over'));
    for (const end of this.#ends.reverse()) end();
    const unconverged = healWithinMs === undefined ? [] : await this.#heal(healWithinMs);
    this.#checkers.detach();
    const violations = this.#checkers.violations.map((violation) => ({
      ...violation,
      atMs: violation.atMs - (this.#world.clock.now() - this.#nowMs()),
    }));
    const virtualMs = this.#nowMs();
    // Before everything is switched off, which is no part of the story.
    const story = (this.#timeline as Timeline).entries();
    await this.#world.stop();
    return {
      name,
      ok: this.#failures.length === 0 && violations.length === 0 && unconverged.length === 0,
      failures: this.#failures,
      violations,
      unconverged,
      timeline: story,
      virtualMs,
    };
  }

  #nowMs(): number {
    return Math.round(this.#world.clock.monotonicMs() - this.#startMs);
  }

  #appoint(step: ScenarioStep, label: string): Appointment {
    const random = this.#world.random.fork(label);
    return {
      atMs: step.atMs,
      act: () => {
        this.#asked.add(step);
        step
          .run({ ...this.#context, random })
          .then(
            () => this.#judgeAnswer(step, undefined),
            (error: unknown) => this.#judgeAnswer(step, error),
          )
          .finally(() => this.#asked.delete(step));
      },
    };
  }

  #judgeAnswer({ place, refused }: ScenarioStep, error: unknown): void {
    if (error !== undefined && isCancellation(error, this.#over.signal)) return;
    const actual = describeAnswer(error);
    if (refused === undefined) {
      if (error !== undefined) this.#failures.push({ place, expected: 'the API does it', actual });
      return;
    }
    const isExpected =
      error instanceof StatusError &&
      error.reason === refused.reason &&
      (refused.message?.test(error.message) ?? true);
    const saying = refused.message === undefined ? '' : `, saying ${refused.message}`;
    if (!isExpected)
      this.#failures.push({ place, expected: `the API refuses: ${refused.reason}${saying}`, actual });
  }

  #drawFaults(swarm: ScenarioSwarm | undefined): Appointment[] {
    if (swarm === undefined) return [];
    const random = this.#world.random.fork('swarm');
    return drawSwarm(swarm, partiesOf(this.#world), random).map(({ atMs, forMs, ...call }, index) => {
      const context = { ...this.#context, random: random.fork(`fault ${index}`) };
      return { atMs, act: () => beginFaultFor(context, call, forMs) };
    });
  }

  /** @returns what is not as desired when the time is over */
  async #heal(withinMs: number): Promise<string[]> {
    for (let passedMs = 0; passedMs < withinMs; passedMs += HEALED_EVERY_MS) {
      if (this.#checkers.unconverged().length === 0) return [];
      await this.#world.advance(HEALED_EVERY_MS);
    }
    return this.#checkers.unconverged();
  }
}

function isUp(world: World): boolean {
  const nodes = world.objects(NODES);
  const isReady = nodes.every(({ status }) =>
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  );
  const accounts = world.objects(SERVICE_ACCOUNTS, 'default');
  return nodes.length === world.nodes.size && isReady && accounts.length > 0;
}

function describeAnswer(error: unknown): string {
  if (error === undefined) return 'it does it';
  if (error instanceof StatusError) return `it says ${error.reason}: ${error.message}`;
  return error instanceof Error ? error.message : 'it fails';
}
