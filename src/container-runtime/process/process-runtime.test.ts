import type { TestContext } from 'node:test';
import { systemClock } from '../../platform/system-clock.ts';
import { type ContractProgram, type RuntimeHarness, testContainerRuntime } from '../runtime.contract.ts';
import type { Isolation } from './isolation.ts';
import { availableIsolations, newRuntimeFixture } from './process-runtime.fixture.ts';

const SCRIPTS: Record<Exclude<ContractProgram, 'missing'>, string> = {
  sleeper: `trap 'exit 0' TERM; echo up; while :; do sleep 60 & wait $!; done`,
  stubborn: `trap '' TERM; echo up; while :; do sleep 60; done`,
  'exits-3': 'exit 3',
  completes: 'exit 0',
  talker: 'echo one; sleep 0.25; echo two >&2; sleep 0.25; echo three; sleep 0.05',
  server: `exec node -e "
    const server = require('net').createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
    server.listen(8080, process.env.HOST, () => console.log('up'));
    process.on('SIGTERM', () => process.exit(0));"`,
};

for (const isolation of await availableIsolations()) {
  testContainerRuntime(`ProcessRuntime (${isolation})`, (t) => newHarness(t, isolation));
}

async function newHarness(t: TestContext, isolation: Isolation): Promise<RuntimeHarness> {
  const fixture = await newRuntimeFixture(t, isolation);
  for (const [name, script] of Object.entries(SCRIPTS)) await fixture.addImage(name, script);
  let runtime = await fixture.open();
  t.after(() => runtime.close());
  return {
    runtime,
    program: (name) =>
      name === 'missing'
        ? { image: 'completes', command: ['/no/such/program'], args: [] }
        : { image: name, command: [], args: [] },
    settled: (promise) => promise,
    pause: () => systemClock.sleep(5, new AbortController().signal),
    async reopen() {
      await runtime.close();
      runtime = await fixture.open();
      return runtime;
    },
  };
}
