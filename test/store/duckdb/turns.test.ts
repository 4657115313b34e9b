import { expect, test } from 'vitest';
import { Turns } from '../../../src/store/duckdb/turns.ts';

test('each thing has one borrower at a time, in the order of asking', async () => {
  const turns = new Turns(['a', 'b']);
  const log: string[] = [];
  const gates = [1, 2, 3, 4].map(() => Promise.withResolvers<void>());
  const work = gates.map((gate, index) =>
    turns.borrow(async (item) => {
      log.push(`${index}${item}`);
      await gate.promise;
    }),
  );
  await Promise.resolve();
  expect(log).toEqual(['0b', '1a']);
  gates[1]?.resolve();
  await work[1];
  expect(log).toEqual(['0b', '1a', '2a']);
  for (const gate of gates) gate.resolve();
  await Promise.all(work);
  expect(log).toEqual(['0b', '1a', '2a', '3b']);
});

test('a borrower that fails gives back what it had', async () => {
  const turns = new Turns(['only']);
  await expect(turns.borrow(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await turns.borrow((item) => Promise.resolve(item))).toBe('only');
});

test('retiring waits for the borrowers before', async () => {
  const turns = new Turns(['a', 'b']);
  const gate = Promise.withResolvers<void>();
  const log: string[] = [];
  const borrowed = turns.borrow(async () => {
    await gate.promise;
    log.push('returned');
  });
  const retired = turns.retire().then((items) => log.push(...items.sort()));
  gate.resolve();
  await Promise.all([borrowed, retired]);
  expect(log).toEqual(['returned', 'a', 'b']);
});
