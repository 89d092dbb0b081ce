/**
 * The suite that every {@link ContainerRuntime} passes. A harness brings the runtime, programs of known behaviour in
 * whatever form its images have, and the passing of time.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ContainerConfig, ContainerRuntime, ContainerStatus, SandboxConfig } from './runtime.ts';

/**
 * - `sleeper` prints `up`, runs until SIGTERM, then exits 0
 * - `stubborn` prints `up`, ignores SIGTERM
 * - `exits-3` exits with 3 at once · `completes` exits with 0 at once
 * - `talker` prints `one` to stdout, `two` to stderr, `three` to stdout, each with some time after it, and exits 0
 * - `missing` has an entrypoint that does not exist
 * - `server` prints `up` once it listens on port 8080 of the Pod's address; it echoes; ended by SIGTERM
 */
export type ContractProgram =
  | 'sleeper'
  | 'stubborn'
  | 'exits-3'
  | 'completes'
  | 'talker'
  | 'missing'
  | 'server';

export interface RuntimeHarness {
  readonly runtime: ContainerRuntime;
  program(name: ContractProgram): Pick<ContainerConfig, 'image' | 'command' | 'args'>;
  /** Waits for `promise` while time passes. */
  settled<T>(promise: Promise<T>): Promise<T>;
  /** Lets a little time pass, at least a millisecond. */
  pause(): Promise<void>;
  /** The caller dies and another takes its place: a runtime over the same containers. */
  reopen(): Promise<ContainerRuntime>;
}

const WAIT_MS = 20_000;
const never = new AbortController().signal;

export function sandboxConfig(overrides: Partial<SandboxConfig> = {}): SandboxConfig {
  return {
    metadata: {
      name: 'web-0',
      namespace: 'default',
      uid: '0b5f8d8e-5a4c-4e7e-9f64-3b1c1d5a1111',
      attempt: 0,
    },
    hostname: 'web-0',
    hostNetwork: false,
    portMappings: [],
    labels: { app: 'web' },
    annotations: { note: 'contract' },
    ...overrides,
  };
}

export function containerConfig(overrides: Partial<ContainerConfig> & { image: string }): ContainerConfig {
  return {
    metadata: { name: 'main', attempt: 0 },
    command: [],
    args: [],
    workingDir: '',
    env: [],
    mounts: [],
    stopSignal: '',
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: {},
    security: { supplementalGroups: [], readonlyRootFilesystem: false, privileged: false },
    labels: { 'io.kubernetes.container.name': 'main' },
    annotations: {},
    ...overrides,
  };
}

/** What the tests below say in one line. */
class Scene {
  readonly harness: RuntimeHarness;
  runtime: ContainerRuntime;

  constructor(harness: RuntimeHarness) {
    this.harness = harness;
    this.runtime = harness.runtime;
  }

  sandbox(overrides: Partial<SandboxConfig> = {}): Promise<string> {
    return this.do(this.runtime.runPodSandbox(sandboxConfig(overrides), never));
  }

  async created(
    program: ContractProgram,
    sandboxId: string,
    overrides: Partial<ContainerConfig> = {},
  ): Promise<string> {
    const config = containerConfig({ ...this.harness.program(program), ...overrides });
    await this.do(this.runtime.pullImage(config.image, never));
    return this.do(this.runtime.createContainer(sandboxId, config, never));
  }

  async started(
    program: ContractProgram,
    sandboxId?: string,
    overrides: Partial<ContainerConfig> = {},
  ): Promise<string> {
    const id = await this.created(program, sandboxId ?? (await this.sandbox()), overrides);
    await this.do(this.runtime.startContainer(id, never));
    return id;
  }

  do<T>(promise: Promise<T>): Promise<T> {
    return this.harness.settled(promise);
  }

  async status(id: string): Promise<ContainerStatus> {
    const status = (await this.do(this.runtime.listContainers(never))).find(
      (container) => container.id === id,
    );
    assert.ok(status, `container ${id} is listed`);
    return status;
  }

  async until(id: string, holds: (status: ContainerStatus) => boolean): Promise<ContainerStatus> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const status = await this.status(id);
      if (holds(status)) return status;
      assert.ok(Date.now() < deadline, `still ${JSON.stringify(status)}`);
      await this.harness.pause();
    }
  }

  exited(id: string): Promise<ContainerStatus> {
    return this.until(id, ({ state }) => state === 'exited');
  }

  /** Waits until the program says so. */
  async says(id: string, text: string): Promise<void> {
    const deadline = Date.now() + WAIT_MS;
    while (!(await this.log(id)).includes(text)) {
      assert.ok(Date.now() < deadline, `the container has not said ${JSON.stringify(text)}`);
      await this.harness.pause();
    }
  }

  async log(
    id: string,
    options: { tailLines?: number; sinceMs?: number; follow?: boolean } = {},
  ): Promise<string> {
    return (await this.do(this.#collect(id, options))).map(([, line]) => line).join('');
  }

  records(id: string): Promise<[stream: string, line: string][]> {
    return this.do(this.#collect(id, {}));
  }

  async #collect(id: string, options: object): Promise<[string, string][]> {
    const records: [string, string][] = [];
    for await (const record of this.runtime.readLog(id, { follow: false, ...options }, never)) {
      assert.match(record.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
      records.push([record.stream, new TextDecoder().decode(record.line)]);
    }
    return records;
  }
}

type NewHarness = (t: TestContext) => Promise<RuntimeHarness>;

/** Registers the suite for the runtime called `name`. */
export function testContainerRuntime(name: string, newHarness: NewHarness): void {
  const scenario = (title: string, body: (scene: Scene) => Promise<void>) => {
    test(`${name} ${title}`, async (t) => body(new Scene(await newHarness(t))));
  };
  testSandboxes(scenario);
  testLife(scenario);
  testStopping(scenario);
  testImages(scenario);
  testLogs(scenario);
  testExec(scenario);
  testEventsAndReopening(scenario);
}

type Scenario = (title: string, body: (scene: Scene) => Promise<void>) => void;

function testSandboxes(scenario: Scenario): void {
  scenario('runPodSandbox lists a ready sandbox with its address and metadata', async (scene) => {
    const id = await scene.sandbox();
    const [listed, ...others] = await scene.do(scene.runtime.listPodSandboxes(never));
    assert.ok(listed);
    assert.equal(others.length, 0);
    assert.equal(listed.id, id);
    assert.equal(listed.state, 'ready');
    assert.match(listed.ip, /^\d+\.\d+\.\d+\.\d+$/);
    assert.ok(listed.createdAtMs > 0);
    const { metadata, labels, annotations } = sandboxConfig();
    assert.deepEqual({ metadata: listed.metadata, labels: listed.labels }, { metadata, labels });
    assert.deepEqual(listed.annotations, annotations);
  });

  scenario('runPodSandbox gives each Pod an address of its own', async (scene) => {
    await scene.sandbox();
    await scene.sandbox({ metadata: { name: 'web-1', namespace: 'default', uid: 'u-1', attempt: 0 } });
    const ips = (await scene.do(scene.runtime.listPodSandboxes(never))).map(({ ip }) => ip);
    assert.equal(new Set(ips).size, 2);
  });

  scenario('runPodSandbox and createContainer refuse what is there already', async (scene) => {
    const sandboxId = await scene.sandbox();
    const id = await scene.created('sleeper', sandboxId);
    await assert.rejects(scene.sandbox(), {
      name: 'RuntimeError',
      message: new RegExp(`reserved for "${sandboxId}"`),
    });
    await assert.rejects(scene.created('sleeper', sandboxId), {
      message: new RegExp(`reserved for "${id}"`),
    });
    const { metadata } = sandboxConfig();
    await scene.sandbox({ metadata: { ...metadata, attempt: 1 } });
    await scene.created('sleeper', sandboxId, { metadata: { name: 'main', attempt: 1 } });
  });

  scenario('stopPodSandbox kills the containers and keeps the sandbox listed as notready', async (scene) => {
    const sandboxId = await scene.sandbox();
    const id = await scene.started('sleeper', sandboxId);
    await scene.do(scene.runtime.stopPodSandbox(sandboxId, never));
    assert.equal((await scene.exited(id)).exitCode, 137);
    assert.equal((await scene.do(scene.runtime.listPodSandboxes(never)))[0]?.state, 'notready');
    await assert.rejects(scene.created('sleeper', sandboxId), { name: 'RuntimeError' });
  });

  scenario('removePodSandbox removes running containers with it, and again does nothing', async (scene) => {
    const sandboxId = await scene.sandbox();
    await scene.started('sleeper', sandboxId);
    await scene.do(scene.runtime.removePodSandbox(sandboxId, never));
    assert.deepEqual(await scene.do(scene.runtime.listContainers(never)), []);
    assert.deepEqual(await scene.do(scene.runtime.listPodSandboxes(never)), []);
    await scene.do(scene.runtime.removePodSandbox(sandboxId, never));
    await scene.do(scene.runtime.stopPodSandbox(sandboxId, never));
  });

  scenario('dial reaches a port of the Pod, and says when nothing listens', async (scene) => {
    const sandboxId = await scene.sandbox();
    const id = await scene.started('server', sandboxId);
    await scene.says(id, 'up');
    const stream = await scene.do(scene.runtime.dial(sandboxId, 8080, never));
    await stream.write(new TextEncoder().encode('ping'));
    stream.end();
    let received = '';
    for await (const chunk of stream.readable) received += new TextDecoder().decode(chunk);
    assert.equal(received, 'ping');
    await assert.rejects(scene.do(scene.runtime.dial(sandboxId, 8081, never)), { reason: 'Unavailable' });
  });
}

function testLife(scenario: Scenario): void {
  scenario('createContainer makes a container that does not run yet', async (scene) => {
    const sandboxId = await scene.sandbox();
    const id = await scene.created('sleeper', sandboxId);
    const status = await scene.status(id);
    assert.equal(status.state, 'created');
    assert.equal(status.sandboxId, sandboxId);
    assert.equal(status.startedAtMs, 0);
    assert.deepEqual(status.metadata, { name: 'main', attempt: 0 });
    assert.deepEqual(status.labels, { 'io.kubernetes.container.name': 'main' });
    assert.notEqual(status.imageId, '');
  });

  scenario('startContainer runs the program; its exit code is kept', async (scene) => {
    const id = await scene.started('exits-3');
    const status = await scene.exited(id);
    assert.equal(status.exitCode, 3);
    assert.equal(status.reason, 'Error');
    assert.ok(status.startedAtMs >= status.createdAtMs - 1 && status.finishedAtMs >= status.startedAtMs);
  });

  scenario('startContainer of a program that exits with 0 ends as Completed', async (scene) => {
    const status = await scene.exited(await scene.started('completes'));
    assert.deepEqual([status.exitCode, status.reason], [0, 'Completed']);
  });

  scenario('startContainer fails with StartError and 128 when the entrypoint is absent', async (scene) => {
    const id = await scene.created('missing', await scene.sandbox());
    await assert.rejects(scene.do(scene.runtime.startContainer(id, never)), { reason: 'StartError' });
    const status = await scene.status(id);
    assert.deepEqual([status.state, status.exitCode, status.reason], ['exited', 128, 'StartError']);
    assert.match(status.message, /no such file|not found/);
  });

  scenario('removeContainer kills a running container, and again does nothing', async (scene) => {
    const id = await scene.started('stubborn');
    await scene.do(scene.runtime.removeContainer(id, never));
    await scene.do(scene.runtime.removeContainer(id, never));
    assert.deepEqual(await scene.do(scene.runtime.listContainers(never)), []);
  });

  scenario('refuses an unknown container as NotFound', async (scene) => {
    await assert.rejects(scene.do(scene.runtime.startContainer('nope', never)), { reason: 'NotFound' });
    await assert.rejects(scene.do(scene.runtime.execSync('nope', ['true'], 0, never)), {
      reason: 'NotFound',
    });
    await scene.do(scene.runtime.stopContainer('nope', 1000, never));
  });
}

function testStopping(scenario: Scenario): void {
  scenario('stopContainer lets the program end by itself', async (scene) => {
    const id = await scene.started('sleeper');
    await scene.says(id, 'up');
    await scene.do(scene.runtime.stopContainer(id, 10_000, never));
    const status = await scene.status(id);
    assert.deepEqual([status.state, status.exitCode, status.reason], ['exited', 0, 'Completed']);
    await scene.do(scene.runtime.stopContainer(id, 10_000, never));
  });

  scenario('stopContainer kills what ignores the signal after the timeout', async (scene) => {
    const id = await scene.started('stubborn');
    await scene.says(id, 'up');
    await scene.do(scene.runtime.stopContainer(id, 200, never));
    const status = await scene.exited(id);
    assert.deepEqual([status.exitCode, status.reason], [137, 'Error']);
  });

  scenario('stopContainer with a shorter timeout overtakes a longer one', async (scene) => {
    const id = await scene.started('stubborn');
    await scene.says(id, 'up');
    const patient = scene.runtime.stopContainer(id, 3_600_000, never);
    await scene.do(scene.runtime.stopContainer(id, 100, never));
    await scene.do(patient);
    assert.equal((await scene.status(id)).exitCode, 137);
  });

  scenario('stopContainer that is aborted leaves the container to its grace period', async (scene) => {
    const id = await scene.started('stubborn');
    await scene.says(id, 'up');
    const controller = new AbortController();
    const stopping = scene.runtime.stopContainer(id, 3_600_000, controller.signal);
    controller.abort('enough');
    await assert.rejects(stopping, (reason) => reason === 'enough');
    assert.equal((await scene.status(id)).state, 'running');
  });
}

function testImages(scenario: Scenario): void {
  scenario('pullImage makes imageStatus answer in the normalised form', async (scene) => {
    const { image } = scene.harness.program('sleeper');
    const pulled = await scene.do(scene.runtime.pullImage(image, never));
    assert.match(pulled.reference, /^[^/]+\/.+:.+$/);
    assert.deepEqual(await scene.do(scene.runtime.imageStatus(pulled.reference, never)), pulled);
  });

  scenario('pullImage refuses an unknown image and a malformed name', async (scene) => {
    await assert.rejects(scene.do(scene.runtime.pullImage('kintsugi.invalid/no-such:1', never)), {
      name: 'RuntimeError',
    });
    await assert.rejects(scene.do(scene.runtime.pullImage('UPPER CASE', never)), {
      reason: 'InvalidImageName',
    });
    const absent = await scene.do(scene.runtime.imageStatus('kintsugi.invalid/no-such:1', never));
    assert.equal(absent, undefined);
  });
}

function testLogs(scenario: Scenario): void {
  scenario('readLog gives every line with its stream, also after the exit', async (scene) => {
    const id = await scene.started('talker');
    await scene.exited(id);
    const records = await scene.records(id);
    assert.deepEqual(records, [
      ['stdout', 'one\n'],
      ['stderr', 'two\n'],
      ['stdout', 'three\n'],
    ]);
  });

  scenario('readLog gives the last lines, or those since a time', async (scene) => {
    const id = await scene.started('talker');
    const { finishedAtMs } = await scene.exited(id);
    assert.equal(await scene.log(id, { tailLines: 1 }), 'three\n');
    assert.equal(await scene.log(id, { tailLines: 0 }), '');
    assert.equal(await scene.log(id, { tailLines: 99 }), 'one\ntwo\nthree\n');
    assert.equal(await scene.log(id, { sinceMs: finishedAtMs + 60_000 }), '');
  });

  scenario('readLog that follows ends when the container has exited', async (scene) => {
    const id = await scene.started('talker');
    assert.equal(await scene.log(id, { follow: true }), 'one\ntwo\nthree\n');
  });
}

function testExec(scenario: Scenario): void {
  scenario('execSync gives output and exit code apart', async (scene) => {
    const id = await scene.started('sleeper');
    const result = await scene.do(
      scene.runtime.execSync(id, ['sh', '-c', 'echo out; echo err >&2; exit 4'], 10_000, never),
    );
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert.deepEqual([text(result.stdout), text(result.stderr), result.exitCode], ['out\n', 'err\n', 4]);
  });

  scenario('execSync past its timeout is DeadlineExceeded', async (scene) => {
    const id = await scene.started('sleeper');
    await assert.rejects(scene.do(scene.runtime.execSync(id, ['sleep', '600'], 300, never)), {
      reason: 'DeadlineExceeded',
    });
  });

  scenario('execSync of a command that does not exist is StartError', async (scene) => {
    const id = await scene.started('sleeper');
    await assert.rejects(scene.do(scene.runtime.execSync(id, ['no-such-command'], 10_000, never)), {
      reason: 'StartError',
      message: /exec: "no-such-command": executable file not found in \$PATH/,
    });
  });

  scenario('exec carries standard input and ends with the command', async (scene) => {
    const id = await scene.started('sleeper');
    const options = { command: ['cat'], stdin: true, stdout: true, stderr: true, tty: false };
    const session = await scene.do(scene.runtime.exec(id, options, never));
    await session.writeStdin(new TextEncoder().encode('hello'));
    session.closeStdin();
    let received = '';
    for await (const chunk of session.stdout) received += new TextDecoder().decode(chunk);
    assert.equal(received, 'hello');
    assert.equal(await session.exited, 0);
  });

  scenario('exec in an exited container is refused', async (scene) => {
    const id = await scene.started('exits-3');
    await scene.exited(id);
    await assert.rejects(scene.do(scene.runtime.execSync(id, ['true'], 1000, never)), {
      name: 'RuntimeError',
    });
  });
}

function testEventsAndReopening(scenario: Scenario): void {
  scenario(
    'events tells a container from creation to removal, from the moment of the call',
    async (scene) => {
      const controller = new AbortController();
      const events = scene.runtime.events(controller.signal);
      const id = await scene.started('exits-3');
      await scene.exited(id);
      await scene.do(scene.runtime.removeContainer(id, never));
      const seen: string[] = [];
      for await (const event of events) {
        if (event.containerId !== id) continue;
        assert.equal(event.podUid, sandboxConfig().metadata.uid);
        seen.push(event.type);
        if (event.type === 'deleted') break;
      }
      controller.abort();
      assert.deepEqual(seen, ['created', 'started', 'stopped', 'deleted']);
    },
  );

  scenario('keeps containers running when its caller is replaced', async (scene) => {
    const sandboxId = await scene.sandbox();
    const running = await scene.started('sleeper', sandboxId);
    const ended = await scene.started('exits-3', sandboxId, { metadata: { name: 'other', attempt: 2 } });
    await scene.says(running, 'up');
    await scene.exited(ended);
    const before = [await scene.status(running), await scene.status(ended)];
    scene.runtime = await scene.harness.reopen();
    assert.deepEqual([await scene.status(running), await scene.status(ended)], before);
    assert.equal((await scene.do(scene.runtime.listPodSandboxes(never)))[0]?.id, sandboxId);
    await scene.do(scene.runtime.stopContainer(running, 10_000, never));
    assert.equal((await scene.status(running)).exitCode, 0);
  });
}
