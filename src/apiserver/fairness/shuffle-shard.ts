/**
 * Shuffle sharding: of many queues each flow is dealt a hand of a few, and waits in the emptiest of them. Two flows share
 * all of their queues next to never, so that whoever fills the own ones leaves others a place.
 *
 *     8 of 128 queues: that a flow has all of its hand covered by one greedy other has a chance of 1 in 1.4e12
 *
 * Differs from upstream in the hash alone: a flow's queues are other ones there.
 *
 * @see k8s.io/apiserver/pkg/util/shufflesharding/dealer.go
 */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const GOLDEN = 0x9e3779b9;

/** `handSize` different numbers below `deckSize`: always the same for one `flow`. */
export function dealHand(flow: string, deckSize: number, handSize: number): number[] {
  const next = sequenceOf(hashOf(flow));
  const sorted: number[] = [];
  const hand: number[] = [];
  for (let left = deckSize; hand.length < handSize; left--) {
    // The n-th of the cards that are left, as a number of the whole deck.
    let card = Math.floor((next() / 2 ** 32) * left);
    let place = 0;
    while (place < sorted.length && sorted[place]! <= card) {
      card++;
      place++;
    }
    sorted.splice(place, 0, card);
    hand.push(card);
  }
  return hand;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  }
  return hash >>> 0;
}

/** SplitMix32: 32 bits at a time. */
function sequenceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + GOLDEN) | 0;
    let bits = state ^ (state >>> 16);
    bits = Math.imul(bits, 0x21f0aaad);
    bits ^= bits >>> 15;
    bits = Math.imul(bits, 0x735a2d97);
    return (bits ^ (bits >>> 15)) >>> 0;
  };
}
