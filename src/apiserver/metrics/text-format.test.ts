import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram } from './histogram.ts';
import { histogramText, labelText, metricText } from './text-format.ts';

test('labelText escapes what would end a value', () => {
  assert.equal(labelText({ a: 'x\\y"z\n', b: '' }), 'a="x\\\\y\\"z\\n",b=""');
});

test('metricText says nothing of a metric without samples', () => {
  const metric = { name: 'm_total', type: 'counter', help: 'Of a\nkind' } as const;
  assert.equal(metricText(metric, []), '');
  assert.equal(
    metricText(metric, [
      ['', 1],
      ['a="b"', 2.5],
    ]),
    '# HELP m_total Of a\\nkind\n# TYPE m_total counter\nm_total 1\nm_total{a="b"} 2.5\n',
  );
});

test('Histogram.sum counts what several have counted', () => {
  const [one, other] = [new Histogram([1, 2]), new Histogram([1, 2])];
  one.observe(1);
  other.observe(1.5);
  other.observe(3);
  const total = Histogram.sum([one, other]);
  assert.deepEqual(
    [...total.cumulative()].map(([, count]) => count),
    [1, 2, 3],
  );
  assert.deepEqual([total.sum, total.count, one.count], [5.5, 3, 1]);
});

test('histogramText counts each value in every bucket that it fits, with bounds as Go writes them', () => {
  const histogram = new Histogram([0.005, 1, 1e5, 1e6, 1e9]);
  for (const value of [0.005, 0.5, 1, 2, 1e6, 1e10]) histogram.observe(value);
  const text = histogramText({ name: 's', help: 'h' }, [['a="b"', histogram]]);
  assert.deepEqual(text.split('\n').slice(2, -1), [
    's_bucket{a="b",le="0.005"} 1',
    's_bucket{a="b",le="1"} 3',
    's_bucket{a="b",le="100000"} 4',
    's_bucket{a="b",le="1e+06"} 5',
    's_bucket{a="b",le="1e+09"} 5',
    's_bucket{a="b",le="+Inf"} 6',
    's_sum{a="b"} 10001000003.505',
    's_count{a="b"} 6',
  ]);
});
