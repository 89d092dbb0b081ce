/**
 * The scripts around a container. They are all that runs beside the program, and they outlive the agent:
 *
 * ```text
 *   shim (sh, session leader) ── waits, then writes `exit`
 *    ├─ cat  stdout.pipe >> stdout        output never waits for the agent
 *    ├─ cat  stderr.pipe >> stderr
 *    └─ sh (by `unshare`, in the container's cgroups and network namespace) waits
 *        └─ init (sh) makes the mounts, writes `init`, then becomes the program: process 1 of its namespace
 * ```
 *
 * Everything they say is a file in the container's `io` directory, which is their working directory:
 * `init` (the stat line of the first process) means started, `exit` (a number) ended, `drained` that all output is in
 * the files, `error` why there is no `init`.
 */
import type { Command } from './entrypoint.ts';
import { type Isolation, namespaceFlags, type Tools } from './isolation.ts';

export interface LaunchPlan {
  containerId: string;
  isolation: Isolation;
  tools: Tools;
  command: Command;
  /** Files to write `0` to. */
  cgroupJoins: string[];
  netnsPath: string | undefined;
  hostname: string;
  /** The skeleton; absent without namespaces. */
  rootDirectory: string | undefined;
  oomScoreAdj: number | undefined;
  user: { uid: number | undefined; gid: number | undefined; groups: number[] };
  stdin: 'none' | 'once' | 'open';
  tty: boolean;
}

/** In the environment of every process of a container: what tells them apart where there is no process namespace. */
export const CONTAINER_ID_VARIABLE = 'KINTSUGI_CONTAINER_ID';

/** Exit code of `init` when it could not become the program. */
export const INIT_FAILED = 125;

/** Names that sh keeps to itself or cannot hold: set for the program alone, by `env`. */
const SHELL_OWN_NAMES = new Set([
  'PWD',
  'OLDPWD',
  'IFS',
  'OPTIND',
  'OPTARG',
  'PPID',
  'PS1',
  'PS2',
  'PS4',
  'LINENO',
  '_',
]);
const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function shimScript(plan: LaunchPlan): string {
  const { tools, isolation } = plan;
  const enter = plan.netnsPath === undefined ? [] : [tools.nsenter, `--net=${plan.netnsPath}`, '--'];
  // `unshare --fork` of util-linux 2.38 reports a killed child as exit code 1; sh reports it as 137. The `exit` keeps sh
  // from becoming its last command, which must be a child to be in the new process namespace.
  const waited = isolation === 'none' ? [tools.sh, '../init'] : [tools.sh, '-c', '(. ../init); exit $?'];
  const marked = [tools.env, `${CONTAINER_ID_VARIABLE}=${plan.containerId}`];
  const isolate = isolation === 'none' ? marked : [tools.unshare, ...namespaceFlags(isolation), '--'];
  const holder = plan.stdin === 'once' ? `${tools.sleep} 2147483647 0<>stdin & echo $! >stdin.holder\n` : '';
  // A terminal whose input has ended would tell its program so.
  const hasStdin = plan.stdin !== 'none' || plan.tty;
  const stdin = !hasStdin ? '</dev/null' : plan.stdin === 'once' ? '<stdin' : '0<>stdin';
  return `#!/bin/sh
${tools.mkfifo} -m 666 stdout.pipe stderr.pipe ${hasStdin ? 'stdin' : ''} 2>>error
${tools.cat} <stdout.pipe >>stdout &
${tools.cat} <stderr.pipe >>stderr &
${holder}(
exec 2>>error
${plan.cgroupJoins.map((file) => `echo 0 >${quote(file)} || exit ${INIT_FAILED}\n`).join('')}exec ${quoteAll([...enter, ...isolate, ...waited])}
) ${stdin} >stdout.pipe 2>stderr.pipe 3>stderr.pipe
echo $? >exit
${plan.stdin === 'once' ? 'read -r holder <stdin.holder; kill "$holder" 2>/dev/null\n' : ''}wait
: >drained
`;
}

/** `3` is the container's standard error; until the program starts, errors go to the file `error`. */
export function initScript(plan: LaunchPlan, ioDirectory: string): string {
  const { tools, isolation, command, user } = plan;
  const lines = ['read -r stat </proc/self/stat'];
  if (isolation === 'user' && tools.hostname !== undefined)
    lines.push(`${tools.hostname} ${quote(plan.hostname)}`);
  if (isolation === 'root') lines.push(`echo ${quote(plan.hostname)} >/proc/sys/kernel/hostname`);
  if (isolation !== 'none') lines.push(`${tools.mount} -c -n -a -T ../mounts || exit ${INIT_FAILED}`);
  // Refused to an unprivileged user who would lower it.
  if (plan.oomScoreAdj !== undefined)
    lines.push(`{ echo ${plan.oomScoreAdj} >/proc/self/oom_score_adj; } 2>/dev/null`);
  lines.push('. ../env');
  const become = [
    ...becomeUser(plan, user),
    ...environmentArguments(command.environment, tools),
    ...(plan.tty ? onTerminal(command.argv, tools) : command.argv),
  ];
  const enterRoot =
    plan.rootDirectory === undefined
      ? []
      : [tools.unshare, `--root=${plan.rootDirectory}`, `--wd=${command.workingDir}`, ...mapUser(plan), '--'];
  if (plan.rootDirectory === undefined) lines.push(`cd ${quote(command.workingDir)} || exit ${INIT_FAILED}`);
  lines.push(
    `printf '%s\\n' "$stat" >${quote(`${ioDirectory}/init`)}`,
    'exec 2>&3 3>&-',
    'unset PWD OLDPWD stat',
  );
  lines.push(`exec ${quoteAll([...enterRoot, ...become])}`);
  return `${lines.join('\n')}\n`;
}

/** A file of `export` lines for sh; what sh cannot hold is left to {@link environmentArguments}. */
export function environmentScript(environment: Command['environment']): string {
  return environment
    .filter(([name]) => isShellName(name))
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join('');
}

/** What a command in the container is started with: `env NAME=VALUE …`, or nothing. */
export function environmentArguments(environment: Command['environment'], tools: Tools): string[] {
  const others = environment.filter(([name]) => !isShellName(name));
  return others.length === 0 ? [] : [tools.env, ...others.map(([name, value]) => `${name}=${value}`)];
}

/**
 * The command on a terminal that is made where it runs: a terminal's process groups mean nothing across process
 * namespaces, and its name nothing where another `/dev/pts` is. `script` carries keys, output and signals, and ends with the
 * command's exit code.
 */
export function onTerminal(command: readonly string[], { script }: Pick<Tools, 'script'>): readonly string[] {
  if (script === undefined) return command;
  return [script, '-q', '-e', '-f', '-c', `exec ${quoteAll(command)}`, '/dev/null'];
}

/** Real users exist only for root; in a user namespace {@link mapUser} gives the number another way. */
export function becomeUser(
  { isolation, tools }: Pick<LaunchPlan, 'isolation' | 'tools'>,
  { uid, gid, groups }: LaunchPlan['user'],
): string[] {
  const wanted = uid !== undefined || gid !== undefined || groups.length > 0;
  if (!wanted || isolation === 'user' || tools.setpriv === undefined || process.getuid?.() !== 0) return [];
  const group = gid ?? 0;
  return [
    tools.setpriv,
    ...(uid === undefined ? [] : [`--reuid=${uid}`]),
    `--regid=${group}`,
    groups.length > 0 ? `--groups=${groups.join(',')}` : '--clear-groups',
    '--',
  ];
}

/** In a user namespace there is one user, ourselves; a second namespace inside gives it the number that is asked for. */
export function mapUser({ isolation, user }: Pick<LaunchPlan, 'isolation' | 'user'>): string[] {
  if (isolation !== 'user' || (user.uid === undefined && user.gid === undefined)) return [];
  return [
    '--user',
    ...(user.uid === undefined ? [] : [`--map-user=${user.uid}`]),
    ...(user.gid === undefined ? [] : [`--map-group=${user.gid}`]),
  ];
}

export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(' ');
}

function isShellName(name: string): boolean {
  return SHELL_NAME.test(name) && !SHELL_OWN_NAMES.has(name);
}
