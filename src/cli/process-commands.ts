/** The commands that start and stop processes: `up`, `down`, `server`, `agent`. Their work is done by `main`. */
import type { Command } from 'commander';
import { type AuditFlags, splitAudit, withAudit } from './audit-options.ts';
import { collect, parseChoice, parseWholeNumber } from './commands/shared-options.ts';
import { resolveDataDir } from './data-dir.ts';
import type {
  AgentOptions,
  DownOptions,
  EncryptOptions,
  ImageRegistration,
  RuntimeChoice,
  ServerOptions,
} from './options.ts';
import type { CommandContext } from './program.ts';
import { UsageError } from './usage-error.ts';

const RUNTIMES = ['auto', 'process', 'containerd'] as const;
const OUTPUTS = ['text', 'json'] as const;
const PORT_MAX = 65_535;
const NODES_MAX = 100;
const INFLIGHT_MAX = 1_000_000;

export function addProcessCommands(program: Command, context: CommandContext): void {
  program.commandsGroup('Run a cluster:');
  addUp(program, context);
  addDown(program, context);
  addEncrypt(program, context);
  addServer(program, context);
  addAgent(program, context);
}

interface UpFlags extends AuditFlags {
  filename: string[];
  dataDir?: string;
  apiPort: number;
  nodes: number;
  maxRequestsInflight?: number;
  maxMutatingRequestsInflight?: number;
  runtime: RuntimeChoice;
  image: ImageRegistration[];
  output: 'text' | 'json';
}

function addUp(program: Command, { world, signal, run }: CommandContext): void {
  const up = program
    .command('up')
    .description('start a cluster on this machine, in the foreground; Ctrl-C stops it and loses nothing')
    .option('-f, --filename <path>', 'apply this file, directory, or - once the API is ready', collect, [])
    .option('--data-dir <dir>', 'where all state lives (default: ~/.kintsugi)')
    .option(
      '--api-port <port>',
      'port of the API; 0 picks a free one',
      parseWholeNumber('--api-port', 0, PORT_MAX),
      6443,
    )
    .option('--nodes <count>', 'nodes, each an agent process', parseWholeNumber('--nodes', 1, NODES_MAX), 1)
    .option(
      '--runtime <name>',
      `what runs containers: ${RUNTIMES.join(', ')}`,
      parseChoice('--runtime', RUNTIMES),
      'auto',
    )
    .option('--image <ref=dir>', 'process runtime: REF is the program in DIR (repeatable)', collectImage, [])
    .option(
      '-o, --output <format>',
      'the ready line as text or json',
      parseChoice('--output', OUTPUTS),
      'text',
    );
  withAudit(withInflight(withReload(withEncryption(up)))).action(
    run(async ({ filename, image, dataDir, ...flags }: UpFlags) => {
      const { others, ...audit } = splitAudit(flags);
      const directory = resolveDataDir(world, dataDir);
      return world.roots.up(
        { ...others, ...audit, files: filename, images: image, dataDir: directory },
        signal,
      );
    }),
  );
}

/** `web-app:1.0=./web-app`. A reference holds no `=`, a directory may. */
export function parseImage(text: string): ImageRegistration {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) {
    throw new UsageError(`--image must be REFERENCE=DIRECTORY, such as web-app:1.0=./web-app, not "${text}"`);
  }
  return { reference: text.slice(0, at), directory: text.slice(at + 1) };
}

function collectImage(text: string, previous: readonly ImageRegistration[]): ImageRegistration[] {
  return [...previous, parseImage(text)];
}

function addDown(program: Command, { world, signal, run }: CommandContext): void {
  program
    .command('down')
    .description('stop the cluster of a data directory; its state stays')
    .option('--data-dir <dir>', 'where it lives (default: ~/.kintsugi)')
    .option('-o, --output <format>', 'text or json', parseChoice('--output', OUTPUTS), 'text')
    .action(
      run(async ({ dataDir, output }: Partial<DownOptions> & Pick<DownOptions, 'output'>) =>
        world.roots.down({ dataDir: resolveDataDir(world, dataDir), output }, signal),
      ),
    );
}

function withReload(command: Command): Command {
  return command.option(
    '--encryption-config-automatic-reload',
    'read what is encrypted again when its file changes',
  );
}

function withEncryption(command: Command): Command {
  return command.option(
    '--encryption-config <file>',
    'what is encrypted at rest, and with which keys (default: DATA_DIR/encryption.yaml, if it is there)',
  );
}

/** Upstream's names. */
function withInflight(command: Command): Command {
  return command
    .option(
      '--max-requests-inflight <count>',
      'requests that the API serves at once, plus the next number (default: 400)',
      parseWholeNumber('--max-requests-inflight', 1, INFLIGHT_MAX),
    )
    .option(
      '--max-mutating-requests-inflight <count>',
      'both are divided among priority levels by their shares (default: 200)',
      parseWholeNumber('--max-mutating-requests-inflight', 1, INFLIGHT_MAX),
    );
}

type EncryptFlags = Omit<EncryptOptions, 'dataDir'> & { dataDir?: string };

function addEncrypt(program: Command, { world, signal, run }: CommandContext): void {
  withEncryption(program.command('encrypt'))
    .description('encrypt what is stored, Secrets unless configured otherwise; the cluster must be stopped')
    .option('--data-dir <dir>', 'where it lives (default: ~/.kintsugi)')
    .option('--rotate', 'with a new key; the old ones are forgotten', false)
    .option('-o, --output <format>', 'text or json', parseChoice('--output', OUTPUTS), 'text')
    .action(
      run(async ({ dataDir, ...flags }: EncryptFlags) =>
        world.roots.encrypt({ ...flags, dataDir: resolveDataDir(world, dataDir) }, signal),
      ),
    );
}

function addServer(program: Command, { world, signal, run }: CommandContext): void {
  const server = program
    .command('server')
    .description('run only the API, the controllers and the scheduler')
    .option('--data-dir <dir>', 'where all state lives (default: ~/.kintsugi)')
    .option('--host <address>', 'address that the API listens on', '127.0.0.1')
    .option(
      '--api-port <port>',
      'port of the API; 0 picks a free one',
      parseWholeNumber('--api-port', 0, PORT_MAX),
      6443,
    );
  withAudit(withInflight(withReload(withEncryption(server)))).action(
    run(async ({ dataDir, ...flags }: ServerFlags) => {
      const { others, ...audit } = splitAudit(flags);
      return world.roots.server({ ...others, ...audit, dataDir: resolveDataDir(world, dataDir) }, signal);
    }),
  );
}

type ServerFlags = Omit<ServerOptions, 'dataDir' | 'audit'> & AuditFlags & { dataDir?: string };

type AgentFlags = Omit<AgentOptions, 'dataDir' | 'nodePortAddresses'> & {
  dataDir?: string;
  nodePortAddress: string[];
};

function addAgent(program: Command, { world, signal, run }: CommandContext): void {
  program
    .command('agent')
    .description('run only the kubelet and the Service proxy of one node')
    .requiredOption('--node-name <name>', "the node's name")
    .option('--data-dir <dir>', "where this node's state lives (default: ~/.kintsugi)")
    .option(
      '--runtime <name>',
      `what runs containers: ${RUNTIMES.join(', ')}`,
      parseChoice('--runtime', RUNTIMES),
      'auto',
    )
    .option(
      '--node-port-address <ip>',
      'where node ports listen (repeatable; default: 127.0.0.1)',
      collect,
      [],
    )
    .action(
      run(async ({ dataDir, nodePortAddress, ...flags }: AgentFlags) =>
        world.roots.agent(
          {
            ...flags,
            dataDir: resolveDataDir(world, dataDir),
            nodePortAddresses: nodePortAddress.length === 0 ? ['127.0.0.1'] : nodePortAddress,
          },
          signal,
        ),
      ),
    );
}
