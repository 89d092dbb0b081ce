import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../api/json.ts';
import { parseYamlDocuments } from '../api/yaml.ts';
import { CodecError } from './codec.ts';
import { formatPrograms, PROGRAM_FIELDS, parsePrograms } from './parse-program.ts';
import { SERVES_ANYTHING, type SimulatedProgram, type SimulatedRun } from './sim-program.ts';

const PAGE = readFileSync(new URL('../../docs/simulation-programs.md', import.meta.url), 'utf8');
const EXAMPLES = [...PAGE.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => yaml);

const parse = (yaml: string) => parsePrograms(parseYamlDocuments(yaml, 'a.yaml')[0]!, 'programs');
const parseRun = (yaml: string) => parse(`web: { runs: [${yaml}] }`)['web']?.runs?.[0];

function refusal(value: JsonValue): string {
  try {
    parsePrograms(value, 'programs');
  } catch (error) {
    ok(error instanceof CodecError, String(error));
    return error.message;
  }
  throw new Error(`${JSON.stringify(value)} was taken`);
}

const refusalOfRun = (run: JsonValue) => refusal({ web: { runs: [run] } });

test('parsePrograms reads every field', () => {
  deepEqual(parseRun('{ exit: { after: 2s, code: 1 }, readyAfter: 500ms, startTakes: 1m, cpuMillis: 5 }'), {
    exit: { afterMs: 2000, code: 1 },
    readyAfterMs: 500,
    startMs: 60_000,
    cpuMillis: 5,
  });
  deepEqual(parseRun('{ memory: { start: 64Mi, growth: 1Mi/s, perRequest: 1Ki, max: 1Gi } }')?.memory, {
    startBytes: 2 ** 26,
    growthBytesPerSecond: 2 ** 20,
    bytesPerRequest: 1024,
    maxBytes: 2 ** 30,
  });
  deepEqual(
    parseRun('{ onSignal: { SIGTERM: ignore, TERM: { after: 0, code: 0, stopsListening: true } } }'),
    {
      onSignal: { SIGTERM: 'ignore', TERM: { afterMs: 0, code: 0, stopsListening: true } },
    },
  );
  deepEqual(parseRun('{ ports: [80, { port: 81, from: 5s, until: 6s }] }')?.ports, [
    80,
    { port: 81, fromMs: 5000, untilMs: 6000 },
  ]);
  deepEqual(parseRun('{ ports: any, answers: [{ path: /a, takes: 1s, status: hang }] }'), {
    ports: 'any',
    answers: [{ path: '/a', takesMs: 1000, status: 'hang' }],
  });
  const pull = '{ takes: 1s, error: { reason: RegistryUnavailable, message: later, times: 2 } }';
  deepEqual(parse(`a/web:1: { size: 1Gi, pull: ${pull}, stopSignal: QUIT, user: { uid: 0 } }`), {
    'a/web:1': {
      sizeBytes: 2 ** 30,
      pull: { takesMs: 1000, error: { reason: 'RegistryUnavailable', message: 'later', times: 2 } },
      stopSignal: 'QUIT',
      user: { uid: 0 },
    },
  });
});

test('parsePrograms names the place of what it refuses, and the name that was probably meant', () => {
  const cases: [JsonValue, string][] = [
    [{ exit: { after: 5, code: 1 } }, 'exit.after: 5 of what? Write 5ms or 5s'],
    [{ exit: { after: '-2s', code: 1 } }, 'exit.after: must not be negative, as "-2s" is'],
    [
      { exit: { after: 'soon', code: 1 } },
      'exit.after: must be a duration such as 500ms, 30s or 1m30s, not "soon"',
    ],
    [{ exit: { after: '2s' } }, 'exit.code: is missing'],
    [{ exit: { after: '2s', code: 256 } }, 'exit.code: must be a whole number from 0 to 255, not 256'],
    [{ answers: [{ pth: '/' }] }, 'answers[0]: there is no field "pth"; did you mean "path"?'],
    [{ answers: [{ from: '5s', until: '5s' }] }, 'answers[0].until: must be after "from"'],
    [{ answers: [{ path: 'healthz' }] }, 'answers[0].path: must begin with "/"'],
    [
      { answers: [{ status: 'hangs' }] },
      'answers[0].status: must be hang or reset or a whole number from 100 to 599, not "hangs"; did you mean "hang"?',
    ],
    [{ answers: [{ status: 20 }] }, 'answers[0].status: must be a whole number from 100 to 599, not 20'],
    [{ answers: {} }, 'answers: must be a list, not {}'],
    [{ ports: [0] }, 'ports[0]: must be a whole number from 1 to 65535, not 0'],
    [{ ports: 'all' }, 'ports: must be any or a list, not "all"; did you mean "any"?'],
    [{ ports: [{ from: '1s' }] }, 'ports[0].port: is missing'],
    [
      {
        log: [
          { after: '2s', line: 'b' },
          { after: '1s', line: 'a' },
        ],
      },
      'log[1]: comes before the line above it: times run backwards',
    ],
    [{ memory: { start: '-1Mi' } }, 'memory.start: must not be negative, as "-1Mi" is'],
    [{ memory: { start: '64MiB' } }, 'memory.start: must be a number of bytes such as 64Mi, not "64MiB"'],
    [
      { memory: { start: '1Mi', growth: '1Mi' } },
      'memory.growth: must be bytes in a second such as 1Mi/s, not "1Mi"',
    ],
    [{ memory: { start: '2Mi', max: '1Mi' } }, 'memory.max: must not be below "start"'],
    [{ onSignal: { SIGKILL: 'ignore' } }, 'onSignal.SIGKILL: nothing can react to SIGKILL'],
    [{ onSignal: { SIGTREM: 'ignore' } }, 'onSignal.SIGTREM: is no signal of Linux'],
    [
      { health: [{ status: 'UP' }] },
      'health[0].status: must be one of SERVING, NOT_SERVING, UNKNOWN, SERVICE_UNKNOWN, UNIMPLEMENTED, hang, reset, not "UP"',
    ],
    [{ capacity: { adds: '1s' } }, 'capacity.inFlight: is missing, and "perSecond" too: capacity of what?'],
    [
      { capacity: { inFlight: 1 } },
      'capacity.adds: is missing, and "status" too: what becomes of requests above it?',
    ],
    [{ commands: [{ exitCode: 1 }] }, 'commands[0].command: is missing'],
    [{ readyAfer: '1s' }, ': there is no field "readyAfer"; did you mean "readyAfter"?'],
    ['sleep', ': must be an object, not "sleep"'],
  ];
  for (const [run, expected] of cases) {
    const separator = expected.startsWith(':') ? '' : '.';
    equal(refusalOfRun(run), `programs.web.runs[0]${separator}${expected}`);
  }
});

test('parsePrograms refuses what is wrong about an image', () => {
  equal(refusal([]), 'programs: must be an object, not []');
  equal(refusal({ web: { run: [] } }), 'programs.web: there is no field "run"; did you mean "runs"?');
  equal(refusal({ web: { stopSignal: 'STOPP' } }), 'programs.web.stopSignal: "STOPP" is no signal of Linux');
  equal(
    refusal({ 'UPPER CASE': {} }),
    `programs["UPPER CASE"]: couldn't parse image name "UPPER CASE": invalid reference format`,
  );
  equal(
    refusal({ web: {}, 'docker.io/library/web:latest': {} }),
    'programs: "web" and "docker.io/library/web:latest" are one image, docker.io/library/web:latest',
  );
  equal(
    refusal({ web: { pull: { error: { reason: 'NotFound', message: '' } } } }),
    'programs.web.pull.error.reason: must be one of ImageNotFound, RegistryUnavailable, Unknown, not "NotFound"',
  );
});

test('docs/simulation-programs.md: every example is a program, every field is described', () => {
  equal(EXAMPLES.length, 5);
  const used = new Set<string>();
  for (const yaml of EXAMPLES) {
    const programs = parse(yaml);
    deepEqual(parsePrograms(formatPrograms(programs, 'programs'), 'programs'), programs);
    for (const name of PROGRAM_FIELDS) if (new RegExp(`\\b${name}:`).test(yaml)) used.add(name);
  }
  const undescribed = PROGRAM_FIELDS.filter((name) => !PAGE.includes(`\`${name}\``));
  deepEqual(undescribed, []);
  const unused = PROGRAM_FIELDS.filter((name) => !used.has(name));
  deepEqual(unused, []);
});

const ms = fc.integer({ min: 0, max: 10_000_000 });
const bytes = fc.integer({ min: 0, max: 2 ** 40 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const window = { fromMs: fc.constant(1500), untilMs: fc.integer({ min: 1501, max: 100_000 }) };
const answerStatus = fc.oneof(
  fc.integer({ min: 100, max: 599 }),
  fc.constantFrom('hang' as const, 'reset' as const),
);
const anyRun = fc.record({
  startMs: maybe(ms),
  readyAfterMs: maybe(ms),
  exit: maybe(fc.record({ afterMs: ms, code: fc.integer({ min: 0, max: 255 }) })),
  hang: maybe(fc.record({ afterMs: ms, forMs: maybe(ms) })),
  memory: maybe(fc.record({ startBytes: bytes, growthBytesPerSecond: bytes })),
  ports: maybe(fc.oneof(fc.constant('any' as const), fc.array(fc.integer({ min: 1, max: 65_535 })))),
  answers: maybe(fc.array(fc.record({ ...window, status: answerStatus, body: fc.string() }))),
  onSignal: maybe(fc.constant({ SIGTERM: 'ignore' as const, SIGINT: { afterMs: 1001, code: 0 } })),
});

test('formatPrograms writes what parsePrograms reads as the same', () => {
  fc.assert(
    fc.property(fc.array(anyRun), (runs) => {
      const programs = { web: { runs: runs.map(withoutUndefined) as SimulatedRun[] } };
      const written = JSON.parse(JSON.stringify(formatPrograms(programs, 'programs'))) as JsonValue;
      deepEqual(parsePrograms(written, 'programs'), programs);
    }),
  );
  const programs: Record<string, SimulatedProgram> = { web: SERVES_ANYTHING };
  deepEqual(formatPrograms(programs, 'programs'), {
    web: { preloaded: true, runs: [{ onSignal: { SIGTERM: { after: '0s', code: 0 } }, ports: 'any' }] },
  });
});

test('formatPrograms refuses a function, which cannot be written', () => {
  const programs = { web: { runs: [{}, { exec: () => undefined }] } };
  throws(() => formatPrograms(programs, 'programs'), {
    name: 'CodecError',
    message: 'programs.web.runs[1].exec: a function cannot be written: use commands',
  });
});

function withoutUndefined(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
