/** Commands inside a running container: in its namespaces and control groups, with its environment and directory. */
import { spawn } from 'node:child_process';
import { newDeferred } from '../../base/deferred.ts';
import { AsyncQueue } from '../async-queue.ts';
import { type ExecOptions, type ExecSession, RuntimeError } from '../runtime.ts';
import { exitCodeOfSignal, SIGKILL, signalNumber } from '../signals.ts';
import { containerUser } from './container-user.ts';
import { checkExecutable } from './entrypoint.ts';
import type { IsolationSupport } from './isolation.ts';
import { becomeUser, environmentArguments, mapUser, onTerminal, quote, quoteAll } from './launch-scripts.ts';
import type { ProcessContainer } from './process-container.ts';

export interface ExecContext {
  container: ProcessContainer;
  support: IsolationSupport;
  cgroupJoins: string[];
  netnsPath: string | undefined;
}

const TERMINAL_CHUNKS_MAX = 10_000;
const DEFAULT_TERMINAL = { cols: 80, rows: 24 };

/** @throws RuntimeError `StartError` when the command cannot be executed */
export async function startExec(context: ExecContext, options: ExecOptions): Promise<ExecSession> {
  const script = execScript(context, options);
  return options.tty ? startTerminal(context, script) : startPlain(context, script, options);
}

/** A script that joins the container and becomes the command. */
function execScript(
  { container, support, cgroupJoins, netnsPath }: ExecContext,
  options: ExecOptions,
): string {
  const { init, directory, record } = container;
  const command = directory.readCommand();
  if (init === undefined || command === undefined) {
    throw new RuntimeError(
      'Unknown',
      `container "${container.id}" is in state ${container.state}, not running`,
    );
  }
  const { mounts } = record.config;
  const search = new Map(command.environment).get('PATH') ?? '';
  const name = options.command[0] ?? '';
  checkExecutable({ name, workingDir: command.workingDir, search, mounts });
  const { isolation, tools } = support;
  const user = containerUser(record);
  const become = [
    ...becomeUser(support, user),
    ...environmentArguments(command.environment, tools),
    ...(options.tty ? [tools.env, 'TERM=xterm'] : []),
    ...(options.tty && isolation !== 'none' ? onTerminal(options.command, tools) : options.command),
  ];
  const lines = cgroupJoins.map((file) => `{ echo 0 >${quote(file)}; } 2>/dev/null`);
  lines.push(`. ${quote(directory.file('env'))}`);
  if (isolation === 'none') {
    const net = netnsPath === undefined ? [] : [tools.nsenter, `--net=${netnsPath}`, '--'];
    lines.push(
      `cd ${quote(command.workingDir)}`,
      'unset PWD OLDPWD',
      `exec ${quoteAll([...net, ...become])}`,
    );
    return lines.join('\n');
  }
  // The parent of process 1 is in the user namespace that owns the others, even where the program is in one inside it.
  const owner =
    isolation === 'user' ? [`--user=/proc/${init.parentPid}/ns/user`, '--preserve-credentials'] : [];
  const enter = [
    tools.nsenter,
    '--target',
    `${init.pid}`,
    ...owner,
    '--mount',
    '--pid',
    '--uts',
    ...(netnsPath === undefined ? [] : ['--net']),
    '--',
  ];
  const root = [tools.unshare, `--root=${directory.root}`, `--wd=${command.workingDir}`];
  lines.push(
    'unset PWD OLDPWD',
    `exec ${quoteAll([...enter, ...root, ...mapUser({ isolation, user }), '--', ...become])}`,
  );
  return lines.join('\n');
}

function startPlain({ support }: ExecContext, script: string, options: ExecOptions): ExecSession {
  // A process group of its own, so that all of it can be ended.
  const child = spawn(support.tools.sh, ['-c', script], {
    detached: true,
    env: {},
  });
  if (!options.stdin) child.stdin.end();
  const exited = newDeferred<number>();
  child.on('exit', (code, signal) =>
    exited.resolve(code ?? exitCodeOfSignal(signalNumber(signal ?? '') ?? SIGKILL)),
  );
  child.on('error', (error) =>
    exited.reject(new RuntimeError('StartError', error.message, { cause: error })),
  );
  // The command may end before it has read everything: no failure of ours.
  child.stdin.on('error', () => {});
  if (!options.stdout) child.stdout.resume();
  if (!options.stderr) child.stderr.resume();
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    writeStdin: (chunk) =>
      new Promise((resolve) => {
        if (!child.stdin.writable) resolve();
        else child.stdin.write(chunk, () => resolve());
      }),
    closeStdin: () => child.stdin.end(),
    resize() {},
    exited: exited.promise,
    close: () => killGroup(child.pid, child.exitCode === null && child.signalCode === null),
  };
}

function killGroup(pid: number | undefined, runs: boolean): void {
  if (pid === undefined || !runs) return;
  try {
    process.kill(-pid, SIGKILL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function startTerminal(context: ExecContext, script: string): Promise<ExecSession> {
  const library = await import('@lydell/node-pty').catch(() => undefined);
  if (library === undefined) return startScriptTerminal(context, script);
  const terminal = library.spawn(context.support.tools.sh, ['-c', script], {
    ...DEFAULT_TERMINAL,
    name: 'xterm',
    encoding: null,
    env: {},
  });
  const output = new AsyncQueue<Uint8Array>(TERMINAL_CHUNKS_MAX);
  const exited = newDeferred<number>();
  // Bytes, whatever the library's types say: the encoding is null.
  terminal.onData((chunk) => output.push(Buffer.from(chunk)));
  terminal.onExit(({ exitCode, signal }) => {
    output.close();
    exited.resolve(signal === undefined || signal === 0 ? exitCode : exitCodeOfSignal(signal));
  });
  return {
    stdout: output,
    stderr: noOutput(),
    async writeStdin(chunk) {
      terminal.write(Buffer.from(chunk).toString('utf8'));
    },
    // End of transmission, as the key Control-D.
    closeStdin: () => terminal.write('\x04'),
    resize: (columns, rows) => terminal.resize(Math.max(1, columns), Math.max(1, rows)),
    exited: exited.promise,
    close: () => killGroup(terminal.pid, true),
  };
}

/** Without the optional terminal library: the terminal of `script`, whose size cannot be changed. */
function startScriptTerminal(context: ExecContext, script: string): ExecSession {
  const { tools } = context.support;
  if (tools.script === undefined) {
    throw new RuntimeError(
      'Unavailable',
      'a terminal needs the npm package @lydell/node-pty or the command `script` of util-linux; neither is installed',
    );
  }
  const wrapped = `exec ${quoteAll([tools.script, '-q', '-e', '-f', '-c', script, '/dev/null'])}`;
  const session = startPlain(context, wrapped, {
    command: [],
    stdin: true,
    stdout: true,
    stderr: false,
    tty: true,
  });
  return { ...session, stderr: noOutput(), closeStdin: () => void session.writeStdin(Buffer.from('\x04')) };
}

function noOutput(): AsyncIterable<Uint8Array> {
  const none = new AsyncQueue<Uint8Array>(1);
  none.close();
  return none;
}
