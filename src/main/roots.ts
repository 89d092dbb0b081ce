/** The long-running commands: each is imported when it is called, so that `kintsugi get` loads none of them. */
import type { CliWorld, Roots } from '../cli/cli-world.ts';

export function newRoots(world: () => CliWorld, hurry: AbortSignal): Roots {
  return {
    async up(options, signal) {
      const { runUp } = await import('./up.ts');
      return runUp(options, world(), { stop: signal, hurry });
    },
    async down(options, signal) {
      const { runDown } = await import('./down.ts');
      return runDown(options, world(), signal);
    },
    async encrypt(options) {
      const { runEncrypt } = await import('./encrypt.ts');
      return runEncrypt(options, world());
    },
    async server({ host, ...options }, signal) {
      const { runServer } = await import('./server.ts');
      await runServer({ ...options, bindAddress: host }, signal);
      return 0;
    },
    async agent({ dataDir, nodeName, nodePortAddresses }, signal) {
      const { runAgent } = await import('./agent.ts');
      await runAgent({ dataDir, nodeName, nodePortAddresses }, signal);
      return 0;
    },
  };
}
