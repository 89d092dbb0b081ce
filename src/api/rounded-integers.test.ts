import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { roundedInJson } from './rounded-integers.ts';
import { roundedInYaml } from './yaml.ts';

const NEXT = '9007199254740993';
const SAID = 'integer 9007199254740993 is rounded to 9007199254740992';

test('roundedInJson finds the integers of a text that Go keeps and numbers do not, each once', () => {
  deepEqual(roundedInJson(`{"a": [${NEXT}, {"b":${NEXT}}], "c": -${NEXT}}`), [
    SAID,
    'integer -9007199254740993 is rounded to -9007199254740992',
  ]);
  deepEqual(roundedInJson('9223372036854775807'), [
    'integer 9223372036854775807 is rounded to 9223372036854776000',
  ]);
});

test('roundedInJson says nothing of what is kept, of texts, fractions, or what Go rounds, too', () => {
  const kept = ['9007199254740992', '1000000000000000000', `"${NEXT}"`, `"\\\\\\"${NEXT}"`, `${NEXT}.5`];
  kept.push(`${NEXT}e1`, `0.${NEXT}`, `1e-0000000000000000`, '9223372036854775808', '9'.repeat(1_000_000));
  for (const text of kept) deepEqual(roundedInJson(`{"${NEXT}":[${text}]}`), [], text.slice(0, 40));
});

test('roundedInJson finds exactly the integers that do not come back as they were', () => {
  const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const values = fc.array(
    fc.oneof(integer, fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true })),
  );
  fc.assert(
    fc.property(values, (all) => {
      const texts = all.map((value) => (typeof value === 'bigint' ? String(value) : JSON.stringify(value)));
      const lost = all.filter(
        (value) => typeof value === 'bigint' && String(Number(value)) !== String(value),
      );
      const found = roundedInJson(`[${texts.join(', ')}]`).map((said) => said.split(' ')[1]);
      deepEqual(new Set(found), new Set(lost.slice(0, 100).map(String)));
    }),
  );
});

test('roundedInYaml finds plain integers, as YAML writes them', () => {
  deepEqual(roundedInYaml(`a: ${NEXT}\nb: [+9_007_199_254_740_993]\n`), [SAID]);
  deepEqual(roundedInYaml(`{"a": ${NEXT}}`), [SAID]);
  const text = `a: '${NEXT}'\nb: "${NEXT}"\nc: x${NEXT}\nd: ${NEXT}.0\ne: |\n  ${NEXT}\nf: ! ${NEXT.slice(0, 15)}\n`;
  deepEqual(roundedInYaml(text), []);
});
