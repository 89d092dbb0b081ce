/** A simulated runtime on a clock of its own, with containers started in one line. Holds no tests. */
import { containerConfig, sandboxConfig } from '../container-runtime/runtime.contract.ts';
import type { ContainerConfig, SandboxConfig } from '../container-runtime/runtime.ts';
import type { RuntimeChange } from './runtime-change.ts';
import { newSimulatedClock, type SimulatedClock } from './sim-clock.ts';
import type { SimulatedRuntimeOptions } from './sim-node-containers.ts';
import type { SimulatedProgram } from './sim-program.ts';
import { newSeededRandom } from './sim-random.ts';
import { newSimulatedRuntime } from './sim-runtime.ts';

const never = new AbortController().signal;

/** Waits for `promise` while virtual time passes, a millisecond at a time. */
export async function settled<T>(clock: SimulatedClock, promise: Promise<T>): Promise<T> {
  let pending = true;
  const done = () => {
    pending = false;
  };
  promise.then(done, done);
  for (await clock.settle(); pending; await clock.advance(1));
  return promise;
}

export async function newScene(
  programs: Record<string, SimulatedProgram>,
  options: Partial<SimulatedRuntimeOptions> = {},
) {
  const clock = newSimulatedClock();
  const changes: RuntimeChange[] = [];
  const runtime = newSimulatedRuntime({
    clock,
    random: newSeededRandom(1),
    programs,
    onChange: (change) => changes.push(change),
    ...options,
  });
  let pods = 0;
  const start = async ({
    hostNetwork = false,
    portMappings = [],
    ...config
  }: Partial<ContainerConfig & Pick<SandboxConfig, 'hostNetwork' | 'portMappings'>> = {}) => {
    const name = `web-${pods++}`;
    const metadata = { name, namespace: 'default', uid: `uid-of-${name}`, attempt: 0 };
    const sandboxId = await runtime.runPodSandbox(
      sandboxConfig({ hostNetwork, portMappings, metadata }),
      never,
    );
    const ip = runtime.sandboxesNow().find((sandbox) => sandbox.id === sandboxId)!.ip;
    const id = await runtime.createContainer(sandboxId, containerConfig({ image: 'app', ...config }), never);
    await settled(clock, runtime.startContainer(id, never));
    const status = () => runtime.containersNow().find((container) => container.id === id)!;
    return { id, ip, sandboxId, status };
  };
  const requesterDeps = { clock, nodeOf: (ip: string) => runtime.addresses.nodeOf(ip) };
  return { clock, runtime, programs, changes, start, requesterDeps };
}
