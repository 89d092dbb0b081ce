import { equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { ProgramTable } from './program-table.ts';
import type { SimulatedProgram } from './sim-program.ts';

test('ProgramTable finds a program by any spelling of its image', () => {
  const web = { sizeBytes: 5, user: { uid: 7 } };
  const table = new ProgramTable({ 'docker.io/library/web': web });
  const name = table.normalize('web:latest');
  equal(table.find(name)?.program, web);
  equal(table.find(name)?.image, table.find(name)?.image);
  const { id, reference, sizeBytes, user } = table.find(name)!.image;
  equal(`${id} ${reference} ${sizeBytes} ${user?.uid}`, `simulated://${name} ${name} 5 7`);
  equal(table.find(table.normalize('web:2')), undefined);
  throws(() => table.normalize('UPPER CASE'), { reason: 'InvalidImageName' });
});

test('ProgramTable sees what is added, replaced and taken away', () => {
  const programs: Record<string, SimulatedProgram> = {};
  const table = new ProgramTable(programs);
  const name = table.normalize('web');
  equal(table.find(name), undefined);
  programs['web'] = { sizeBytes: 1 };
  equal(table.find(name)?.image.sizeBytes, 1);
  programs['web'] = { sizeBytes: 2 };
  equal(table.find(name)?.image.sizeBytes, 2);
  delete programs['web'];
  equal(table.find(name), undefined);
});

test('ProgramTable gives every other image the program that others have', () => {
  const fallback = { preloaded: true };
  const table = new ProgramTable({ web: {} }, fallback);
  equal(table.find(table.normalize('other'))?.program, fallback);
  equal(table.find(table.normalize('web'))?.program.preloaded, undefined);
});
