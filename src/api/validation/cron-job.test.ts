import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problems, updateProblems } from './judged.fixture.ts';

const JOB = {
  template: { spec: { restartPolicy: 'OnFailure', containers: [{ name: 'main', image: 'busybox:1' }] } },
};
const cronJob = (spec: object = {}, meta: object = {}) =>
  objectOf(
    'batch/v1',
    'CronJob',
    { spec: { schedule: '*/5 * * * *', jobTemplate: { spec: JOB }, ...spec } },
    meta,
  );
const ofSpec = (spec: object) => problems(cronJob(spec));
/** What is said behind the value. */
const ofSchedule = (schedule: string) =>
  ofSpec({ schedule }).map((text) =>
    text.replace(`spec.schedule: Invalid value: ${JSON.stringify(schedule)}: `, ''),
  );

test('validateCronJob accepts what robfig/cron reads', () => {
  const good = ['0 0 1 1 ?', '0-30/5,45 */2 1,15 JAN-mar Mon-FRI', '5/10 * * * *', '+5 * * * *', ', * * * *'];
  for (const schedule of [...good, '@daily', '@every 1h30m', '@every 1.5h'])
    assert.deepEqual(ofSchedule(schedule), [], schedule);
});

test('validateCronJob explains a wrong schedule in the words of robfig/cron', () => {
  const wrong: Record<string, string> = {
    '* * * *': 'expected exactly 5 fields, found 4: [* * * *]',
    '60 * * * *': 'end of range (60) above maximum (59): 60',
    '* * 0 * *': 'beginning of range (0) below minimum (1): 0',
    '* * * * 5-3': 'beginning of range (5) beyond end of range (3): 5-3',
    '*/0 * * * *': 'step of range should be a positive number: */0',
    'a * * * *': 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax',
    '1-2-3 * * * *': 'too many hyphens: 1-2-3',
    '*/1/2 * * * *': 'too many slashes: */1/2',
    '99999999999999999999 * * * *':
      'failed to parse int from 99999999999999999999: strconv.Atoi: parsing "99999999999999999999": value out of range',
    '@never': 'unrecognized descriptor: @never',
    '@every 5': 'failed to parse duration @every 5: time: missing unit in duration "5"',
    '@every 5x': 'failed to parse duration @every 5x: time: unknown unit "x" in duration "5x"',
    '@every h': 'failed to parse duration @every h: time: invalid duration "h"',
  };
  for (const [schedule, why] of Object.entries(wrong)) assert.deepEqual(ofSchedule(schedule), [why]);
  assert.deepEqual(ofSpec({ schedule: '' }), ['spec.schedule: Required value']);
});

test('validateCronJob keeps the zone out of the schedule, unless it always was in it', () => {
  const schedule = 'TZ=Europe/Berlin 0 0 * * *';
  const moved = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
  assert.deepEqual(ofSchedule(schedule), [moved]);
  assert.deepEqual(ofSchedule('CRON_TZ=Mars/Base 0 0 * * *'), [
    'provided bad location Mars/Base: unknown time zone Mars/Base',
    moved,
  ]);
  assert.deepEqual(ofSchedule('TZ=UTC'), [
    'invalid schedule format: runtime error: slice bounds out of range [:-1]',
    moved,
  ]);
  const old = cronJob({ schedule });
  assert.deepEqual(updateProblems(cronJob({ schedule, suspend: true }), old), []);
  assert.deepEqual(updateProblems(cronJob({ schedule, timeZone: 'Etc/UTC' }), old), [
    `spec.schedule: Invalid value: "${schedule}": cannot use both timeZone field and TZ or CRON_TZ in schedule`,
  ]);
});

test('validateTimeZone knows the zones of IANA', () => {
  for (const timeZone of [
    'Europe/Berlin',
    'Asia/Calcutta',
    'Etc/GMT+5',
    'UTC',
    'America/Argentina/Buenos_Aires',
  ])
    assert.deepEqual(ofSpec({ timeZone }), [], timeZone);
  for (const timeZone of [
    'Mars/Base',
    'europe/berlin',
    'EUROPE/BERLIN',
    '+01',
    '../UTC',
    'Europe/-x',
    'A/',
  ]) {
    const unknown = `spec.timeZone: Invalid value: "${timeZone}": unknown time zone ${timeZone}`;
    assert.deepEqual(ofSpec({ timeZone }), [unknown]);
  }
  assert.deepEqual(ofSpec({ timeZone: '' }), [
    'spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string',
  ]);
  assert.deepEqual(ofSpec({ timeZone: 'Local' }), [
    'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
  ]);
  const gone = cronJob({ timeZone: 'Mars/Base' });
  assert.deepEqual(updateProblems(gone, gone), []);
});

test('validateCronJob judges the rest of its spec', () => {
  assert.deepEqual(
    ofSpec({ concurrencyPolicy: 'Maybe', startingDeadlineSeconds: -1, failedJobsHistoryLimit: -1 }),
    [
      'spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0',
      'spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"',
      'spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
    ],
  );
  const name = 'a'.repeat(53);
  const long = cronJob({}, { name });
  assert.deepEqual(problems(long), [
    `metadata.name: Invalid value: "${name}": must be no more than 52 characters`,
  ]);
  assert.deepEqual(updateProblems(long, long), []);
});

test('validateCronJob judges its Jobs, and leaves their selectors to the server', () => {
  const ofJob = (spec: object) => ofSpec({ jobTemplate: { spec: { ...JOB, ...spec } } });
  assert.deepEqual(ofJob({ parallelism: -1, manualSelector: true, selector: { matchLabels: {} } }), [
    'spec.jobTemplate.spec.parallelism: Invalid value: -1: must be greater than or equal to 0',
    'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{}}: `selector` will be auto-generated',
    'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
  ]);
  assert.deepEqual(ofJob({ template: { spec: { ...JOB.template.spec, restartPolicy: undefined } } }), [
    'spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ]);
  const never = { spec: { ...JOB.template.spec, restartPolicy: 'Never' } };
  const podFailurePolicy = { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }] };
  assert.deepEqual(ofJob({ template: never, podFailurePolicy }), []);
});
