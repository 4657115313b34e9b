// Writes some seconds of all families as rows: capture.ts SECONDS FILE. The file is a list of CapturedTable.
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { FrameSource } from '../../src/collect/frame-source.ts';
import type { Frame } from '../../src/metrics/frame.ts';

interface CapturedTable {
  family: string;
  fields: readonly string[];
  /** Seconds since the capture began, the instance, and a value per field: null where there was none. */
  rows: [second: number, instance: string, ...values: (number | null)[]][];
}

const [seconds = '', file = ''] = process.argv.slice(2);
const source = new FrameSource({}, (error) => {
  throw error;
});
const tables = new Map<string, CapturedTable>();
const ticks: number[] = [];

function keep(frame: Frame): void {
  if (!ticks.includes(frame.timestampUs)) ticks.push(frame.timestampUs);
  // The first tick that is too many says that the others are complete.
  if (ticks.length > Number(seconds)) finish();
  const { family, fields, instances } = frame.layout;
  const table = tables.get(family) ?? { family, fields, rows: [] };
  tables.set(family, table);
  for (const [row, instance] of instances.entries()) {
    const values = frame.values.subarray(row * fields.length, (row + 1) * fields.length);
    table.rows.push([
      ticks.length - 1,
      instance,
      ...Array.from(values, (value) => (Number.isNaN(value) ? null : value)),
    ]);
  }
}

function finish(): never {
  writeFileSync(file, JSON.stringify([...tables.values()]));
  process.exit(0);
}

source.start();
for (const { name } of source.catalogue.families.filter(({ optIn }) => !optIn))
  source.subscribe(name, 1000, { frame: keep });
// The sampler's thread does not keep a process alive.
setInterval(() => {}, 60_000);
