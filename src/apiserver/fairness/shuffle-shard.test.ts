import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dealHand } from './shuffle-shard.ts';

test('dealHand deals different cards of the deck, the same ones each time', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 8 }),
      (flow, deck, size) => {
        const handSize = Math.min(size, deck);
        const hand = dealHand(flow, deck, handSize);
        equal(new Set(hand).size, handSize);
        ok(hand.every((card) => card >= 0 && card < deck));
        deepEqual(dealHand(flow, deck, handSize), hand);
      },
    ),
  );
});

test('dealHand deals every card about as often as every other', () => {
  const counts = Array.from({ length: 16 }, () => 0);
  for (let flow = 0; flow < 4000; flow++) for (const card of dealHand(`user-${flow}`, 16, 4)) counts[card]!++;
  for (const [card, count] of counts.entries())
    ok(count > 880 && count < 1120, `card ${card}: ${count} of 1000`);
});

test('dealHand gives next to no two flows the same hand', () => {
  const hands = new Set<string>();
  for (let flow = 0; flow < 2000; flow++)
    hands.add(
      dealHand(`user-${flow}`, 128, 6)
        .sort((a, b) => a - b)
        .join(),
    );
  equal(hands.size, 2000);
});
