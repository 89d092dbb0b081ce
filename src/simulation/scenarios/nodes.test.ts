import { testScenarios } from './scenarios.fixture.ts';

testScenarios('nodes');
