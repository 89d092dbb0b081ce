/**
 * Programs as people write them: the fields of `sim-program.ts` with durations and quantities as text. `docs/simulation-programs.md`
 * describes each of them.
 *
 * ```yaml
 * web:
 *   runs:
 *     - exit: { after: 2s, code: 1 }
 *     - ports: [8080]
 *       readyAfter: 5s
 *       onSignal: { SIGTERM: { after: 3s, code: 0 } }
 * ```
 */
import type { JsonValue } from '../api/json.ts';
import { normalizeImageReference } from '../container-runtime/image-reference.ts';
import { RuntimeError, type RuntimeErrorReason } from '../container-runtime/runtime.ts';
import { SIGKILL, signalNumber } from '../container-runtime/signals.ts';
import {
  boolean,
  bytes,
  bytesPerSecond,
  type Codec,
  CodecError,
  duration,
  type FieldsOf,
  field,
  listOf,
  mapOf,
  objectOf,
  oneOf,
  required,
  text,
  wholeNumber,
  wordOr,
} from './codec.ts';
import type {
  CommandAnswer,
  HealthAnswer,
  HealthStatus,
  HttpAnswer,
  SignalReaction,
  SimulatedCapacity,
  SimulatedLogLine,
  SimulatedMemory,
  SimulatedPort,
  SimulatedProgram,
  SimulatedPull,
  SimulatedRun,
  TimeWindow,
} from './sim-program.ts';

/** What can be written: a function cannot. */
type WrittenRun = Omit<SimulatedRun, 'exec'>;
type Exit = NonNullable<SimulatedRun['exit']>;
type Hang = NonNullable<SimulatedRun['hang']>;
type PullError = NonNullable<SimulatedPull['error']>;
type Caught = Exclude<SignalReaction, 'ignore'>;
type User = NonNullable<SimulatedProgram['user']>;

const PULL_ERRORS: readonly RuntimeErrorReason[] = ['ImageNotFound', 'RegistryUnavailable', 'Unknown'];
const HEALTH_STATUSES: readonly HealthStatus[] = [
  'SERVING',
  'NOT_SERVING',
  'UNKNOWN',
  'SERVICE_UNKNOWN',
  'UNIMPLEMENTED',
  'hang',
  'reset',
];

const port = wholeNumber(1, 65_535);
const exitCode = wholeNumber(0, 255);
const httpStatus = wordOr(['hang', 'reset'], 'a whole number from 100 to 599', wholeNumber(100, 599));

const WINDOW: FieldsOf<TimeWindow> = { fromMs: field('from', duration), untilMs: field('until', duration) };

function backwards({ fromMs = 0, untilMs }: TimeWindow) {
  if (untilMs === undefined || untilMs > fromMs) return undefined;
  return { field: 'until', problem: 'must be after "from"' };
}

const portWindow = objectOf<SimulatedPort>({ ...WINDOW, port: required('port', port) }, backwards);

/** `8080`, or `{ port: 8080, from: 5s }`. */
const portEntry: Codec<number | SimulatedPort> = {
  names: portWindow.names ?? [],
  parse: (value, place) =>
    typeof value === 'object' ? portWindow.parse(value, place) : port.parse(value, place),
  format: (value) => (typeof value === 'number' ? value : portWindow.format(value)),
};

const answer = objectOf<HttpAnswer>(
  {
    ...WINDOW,
    path: field('path', text),
    port: field('port', port),
    status: field('status', httpStatus),
    takesMs: field('takes', duration),
    body: field('body', text),
    location: field('location', text),
  },
  (value) => pathProblem(value) ?? backwards(value),
);

function pathProblem({ path }: HttpAnswer) {
  return path === undefined || path.startsWith('/') || path === '*'
    ? undefined
    : { field: 'path', problem: 'must begin with "/"' };
}

const health = objectOf<HealthAnswer>(
  {
    ...WINDOW,
    service: field('service', text),
    port: field('port', port),
    status: required('status', oneOf(HEALTH_STATUSES)),
    takesMs: field('takes', duration),
  },
  backwards,
);

const command = objectOf<CommandAnswer>(
  {
    ...WINDOW,
    command: required('command', text),
    exitCode: field('exitCode', exitCode),
    stdout: field('stdout', text),
    stderr: field('stderr', text),
    takesMs: field('takes', duration),
  },
  backwards,
);

const capacity = objectOf<SimulatedCapacity>(
  {
    inFlight: field('inFlight', wholeNumber(0)),
    perSecond: field('perSecond', wholeNumber(0)),
    addsMs: field('adds', duration),
    status: field('status', httpStatus),
  },
  ({ addsMs, inFlight, perSecond, status }) => {
    if (inFlight === undefined && perSecond === undefined)
      return { field: 'inFlight', problem: 'is missing, and "perSecond" too: capacity of what?' };
    if (addsMs === undefined && status === undefined)
      return { field: 'adds', problem: 'is missing, and "status" too: what becomes of requests above it?' };
    return undefined;
  },
);

const memory = objectOf<SimulatedMemory>(
  {
    startBytes: required('start', bytes),
    growthBytesPerSecond: field('growth', bytesPerSecond),
    bytesPerRequest: field('perRequest', bytes),
    maxBytes: field('max', bytes),
  },
  ({ maxBytes, startBytes }) =>
    maxBytes !== undefined && maxBytes < startBytes
      ? { field: 'max', problem: 'must not be below "start"' }
      : undefined,
);

const logLine = objectOf<SimulatedLogLine>({
  afterMs: required('after', duration),
  line: required('line', text),
  stream: field('stream', oneOf(['stdout', 'stderr'])),
});

function outOfOrder(lines: readonly SimulatedLogLine[]) {
  const index = lines.findIndex(({ afterMs }, at) => at > 0 && afterMs < lines[at - 1]!.afterMs);
  return index < 0 ? undefined : { index, problem: 'comes before the line above it: times run backwards' };
}

const reaction = wordOr(
  ['ignore'],
  'an object',
  objectOf<Caught>({
    afterMs: required('after', duration),
    code: required('code', exitCode),
    stopsListening: field('stopsListening', boolean),
  }),
);

function signalProblem(name: string): string | undefined {
  const number = signalNumber(name);
  if (number === undefined) return 'is no signal of Linux';
  return number === SIGKILL ? 'nothing can react to SIGKILL' : undefined;
}

const run = objectOf<WrittenRun>({
  startMs: field('startTakes', duration),
  startError: field('startError', text),
  readyAfterMs: field('readyAfter', duration),
  exit: field(
    'exit',
    objectOf<Exit>({
      afterMs: required('after', duration),
      code: required('code', exitCode),
      oomKilled: field('oomKilled', boolean),
    }),
  ),
  onSignal: field('onSignal', mapOf(reaction, signalProblem)),
  hang: field(
    'hang',
    objectOf<Hang>({ afterMs: required('after', duration), forMs: field('for', duration) }),
  ),
  log: field('log', listOf(logLine, outOfOrder)),
  memory: field('memory', memory),
  cpuMillis: field('cpuMillis', wholeNumber(0)),
  ports: field('ports', wordOr(['any'], 'a list', listOf(portEntry))),
  answers: field('answers', listOf(answer)),
  health: field('health', listOf(health)),
  capacity: field('capacity', capacity),
  commands: field('commands', listOf(command)),
});

const program = objectOf<Omit<SimulatedProgram, 'runs'> & { runs?: readonly WrittenRun[] }>(
  {
    preloaded: field('preloaded', boolean),
    pull: field(
      'pull',
      objectOf<SimulatedPull>({
        takesMs: field('takes', duration),
        error: field(
          'error',
          objectOf<PullError>({
            reason: required('reason', oneOf(PULL_ERRORS)),
            message: required('message', text),
            times: field('times', wholeNumber(1)),
          }),
        ),
      }),
    ),
    sizeBytes: field('size', bytes),
    stopSignal: field('stopSignal', text),
    user: field('user', objectOf<User>({ uid: field('uid', wholeNumber(0)), name: field('name', text) })),
    runs: field('runs', listOf(run)),
  },
  ({ stopSignal }) =>
    stopSignal !== undefined && signalNumber(stopSignal) === undefined
      ? { field: 'stopSignal', problem: `"${stopSignal}" is no signal of Linux` }
      : undefined,
);

const programs = mapOf(program, imageProblem);

/** Every field that a program may have, at any depth. */
export const PROGRAM_FIELDS: readonly string[] = programs.names ?? [];

/**
 * @param value  programs by image
 * @param place  what to call it in messages: `programs`
 * @throws CodecError for the first thing that cannot be meant
 */
export function parsePrograms(value: JsonValue, place: string): Record<string, SimulatedProgram> {
  const parsed = programs.parse(value, place);
  const spelled = new Map<string, string>();
  for (const name of Object.keys(parsed)) {
    const image = normalizeImageReference(name);
    const other = spelled.get(image);
    if (other !== undefined) throw new CodecError(place, `"${other}" and "${name}" are one image, ${image}`);
    spelled.set(image, name);
  }
  return parsed;
}

/** The value that {@link parsePrograms} reads the same programs from. @throws CodecError for one with a function */
export function formatPrograms(given: Readonly<Record<string, SimulatedProgram>>, place: string): JsonValue {
  for (const [name, { runs = [] }] of Object.entries(given)) {
    const index = runs.findIndex(({ exec }) => exec !== undefined);
    if (index >= 0)
      throw new CodecError(
        `${place}.${name}.runs[${index}].exec`,
        'a function cannot be written: use commands',
      );
  }
  return programs.format(given);
}

function imageProblem(name: string): string | undefined {
  try {
    normalizeImageReference(name);
    return undefined;
  } catch (error) {
    if (error instanceof RuntimeError) return error.message;
    throw error;
  }
}
