/** What a run says at a moment of its own time: whether it listens, what it answers to a GET, a health check, a command. */
import type { HealthAnswer, HttpAnswer, SimulatedExec, SimulatedRun, TimeWindow } from './sim-program.ts';

const OK: HttpAnswer = { status: 200 };
const SERVING: HealthAnswer = { status: 'SERVING' };

/** @param atMs  since the run's start, as everywhere here */
export function isListening({ ports, readyAfterMs = 0 }: SimulatedRun, port: number, atMs: number): boolean {
  if (ports === undefined || atMs < readyAfterMs) return false;
  if (ports === 'any') return true;
  return ports.some((entry) =>
    typeof entry === 'number' ? entry === port : entry.port === port && isWithin(entry, atMs),
  );
}

/** @param path  may have a query */
export function httpAnswer(
  { answers = [] }: SimulatedRun,
  { port, path }: { port: number; path: string },
  atMs: number,
): HttpAnswer {
  const [bare = ''] = path.split('?', 1);
  const applies = (answer: HttpAnswer) =>
    isWithin(answer, atMs) &&
    (answer.port === undefined || answer.port === port) &&
    (answer.path === undefined || matches(answer.path, bare));
  return answers.find(applies) ?? OK;
}

export function healthAnswer(
  { health = [] }: SimulatedRun,
  { port, service }: { port: number; service: string },
  atMs: number,
): HealthAnswer {
  const applies = (answer: HealthAnswer) =>
    isWithin(answer, atMs) &&
    (answer.port === undefined || answer.port === port) &&
    (answer.service === undefined || answer.service === service);
  return health.find(applies) ?? SERVING;
}

/** `undefined` for a command that neither the run nor every image has. */
export function commandAnswer(
  { commands = [] }: SimulatedRun,
  command: readonly string[],
  atMs: number,
): SimulatedExec | undefined {
  const text = command.join(' ');
  const known = commands.filter((answer) => matches(answer.command, text));
  if (known.length === 0) return builtIn(command);
  const { exitCode = 0, ...rest } = known.find((answer) => isWithin(answer, atMs)) ?? {};
  return { ...rest, exitCode };
}

/** The few commands that preStop hooks and probes use and every image with a shell has. */
const BUILT_IN: Readonly<Record<string, (words: readonly string[]) => SimulatedExec | undefined>> = {
  true: () => ({ exitCode: 0 }),
  false: () => ({ exitCode: 1 }),
  echo: (words) => ({ exitCode: 0, stdout: `${words.join(' ')}\n` }),
  sleep: ([text = '']) =>
    /^\d+(\.\d+)?s?$/.test(text)
      ? { exitCode: 0, takesMs: Number.parseFloat(text) * 1000 }
      : { exitCode: 1, stderr: `sleep: invalid time interval '${text}'\n` },
};
const SHELL = /^(?:\/bin\/)?(?:ba)?sh$/;

function builtIn(command: readonly string[]): SimulatedExec | undefined {
  const [name = '', ...words] = command;
  if (!SHELL.test(name)) return Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name]?.(words) : undefined;
  const [flag, script] = words;
  if (flag !== '-c' || script === undefined) return undefined;
  const inner = builtIn(script.trim().split(/\s+/));
  return inner ?? { exitCode: 127, stderr: `sh: ${script}: not found\n` };
}

/** Exactly, or by what stands before a `*` at the end. */
function matches(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : pattern === text;
}

function isWithin({ fromMs = 0, untilMs = Number.POSITIVE_INFINITY }: TimeWindow, atMs: number): boolean {
  return fromMs <= atMs && atMs < untilMs;
}
