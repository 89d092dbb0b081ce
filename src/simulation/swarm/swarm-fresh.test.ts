// Twenty seeds that nobody has seen: each run of the tests looks at new ones. The failing one is in the test's name.
import { testSeed } from './swarm.fixture.ts';

const FRESH_SEEDS = 20;
const MINUTES = 5;

const first = Date.now();
for (let i = 0; i < FRESH_SEEDS; i++) testSeed({ seed: String(first + i), minutes: MINUTES }, 'fresh');
