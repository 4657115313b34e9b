import type { EventTable } from '../../../src/store/contract.ts';
import { DAY_US, dayOf } from '../../../src/store/days.ts';
import { boundsOf, type RetentionPolicy } from '../../../src/store/retention/policy.ts';
import { MINUTE, random } from '../fixtures.ts';

const HOUR = 60 * MINUTE;
const DAYS = 40;
/** 2026-01-01 */
export const START_US = 1_767_225_600_000_000;
export const END_US = START_US + (DAYS + 1) * DAY_US;

export const POSTS: EventTable = { name: 'posts', columns: { value: 'double' } };
export const FIELDS = ['value', 'other'] as const;

/** A row of a family, and what becomes of it. */
export interface WorldRow {
  family: string;
  instance: string;
  timestampUs: number;
  values: [number, number];
  refused: boolean;
  /** Span of the rolled-up row that it becomes part of; null while it stays raw. */
  bucketUs: number | null;
}

interface WorldEvent {
  id: string;
  timestampUs: number;
  value: number;
  refused: boolean;
}

type Operation =
  | { kind: 'append'; rows: WorldRow[] }
  | { kind: 'post'; events: WorldEvent[] }
  | { kind: 'cleanup'; nowUs: number; policy: RetentionPolicy };

export interface World {
  operations: Operation[];
  rows: WorldRow[];
  events: WorldEvent[];
  /** What the last clean-up has deleted and condensed. */
  deletedBeforeUs: number;
  condensedBeforeUs: number;
}

const POLICY: RetentionPolicy = { retentionDays: 9, archive: true, downsampleAfterDays: 3, bucketUs: HOUR };
/** In force from the 21st day: less is kept, and that condensed less. */
const LATER_POLICY: RetentionPolicy = { ...POLICY, retentionDays: 6, downsampleAfterDays: 2, bucketUs: 30 * MINUTE };
const CHANGED_ON_DAY = 20;

/**
 * Forty days of rows every ten minutes, with gaps, an instance that comes and goes, rows and events that come in days late (some of them
 * too late), and a clean-up behind each day. The same for the same seed.
 */
export function buildWorld(seed: number): World {
  const world: World = { operations: [], rows: [], events: [], deletedBeforeUs: 0, condensedBeforeUs: 0 };
  const chance = random(seed);
  for (let day = 0; day < DAYS; day++) {
    const dayUs = START_US + day * DAY_US;
    for (const third of [0, 1, 2]) append(world, regularRows(chance, day, dayUs + third * 8 * HOUR));
    append(world, lateRows(chance, day, dayUs));
    post(world, chance, dayUs);
    cleanUp(world, dayUs + DAY_US + 3 * HOUR, day < CHANGED_ON_DAY ? POLICY : LATER_POLICY);
  }
  return world;
}

function instancesOn(day: number): [family: string, instance: string][] {
  const steady: [string, string][] = [
    ['load', 'a'],
    ['load', 'b'],
    ['net', 'eth0'],
  ];
  return day >= 10 && day < 25 ? [...steady, ['net', 'veth1']] : steady;
}

function regularRows(chance: () => number, day: number, fromUs: number): WorldRow[] {
  const rows: WorldRow[] = [];
  for (const [family, instance] of instancesOn(day)) {
    const gapFromUs = fromUs + chance() * 16 * HOUR;
    for (let timestampUs = fromUs; timestampUs < fromUs + 8 * HOUR; timestampUs += 10 * MINUTE) {
      const inGap = timestampUs >= gapFromUs && timestampUs < gapFromUs + 3 * HOUR;
      if (!inGap && chance() > 0.03) rows.push(rowAt(chance, family, instance, timestampUs));
    }
  }
  return rows;
}

/** Between the regular ones, up to a fortnight back: past retention too. Each has a time of its own. */
function lateRows(chance: () => number, day: number, dayUs: number): WorldRow[] {
  return instancesOn(day).flatMap(([family, instance]) =>
    Array.from({ length: 12 }, () => {
      const backDays = 1 + Math.floor(chance() * 13);
      const slot = Math.floor(chance() * 144);
      const timestampUs = dayUs - backDays * DAY_US + slot * 10 * MINUTE + 5 * MINUTE + day;
      return rowAt(chance, family, instance, timestampUs);
    }),
  );
}

function rowAt(chance: () => number, family: string, instance: string, timestampUs: number): WorldRow {
  const values: [number, number] = [Math.round(chance() * 1e6) / 1e3, chance() * 1e9];
  return { family, instance, timestampUs, values, refused: false, bucketUs: null };
}

function append(world: World, candidates: readonly WorldRow[]): void {
  const known = new Set(world.rows.slice(-20_000).map(keyOf));
  const rows = candidates.filter((row) => !known.has(keyOf(row)) && known.add(keyOf(row)));
  for (const row of rows) row.refused = row.timestampUs < world.deletedBeforeUs;
  world.rows.push(...rows);
  world.operations.push({ kind: 'append', rows });
}

function keyOf({ family, instance, timestampUs }: WorldRow): string {
  return `${family} ${instance} ${timestampUs}`;
}

function post(world: World, chance: () => number, dayUs: number): void {
  const events = Array.from({ length: 8 }, (_, index) => {
    const backDays = index < 6 ? 0 : Math.floor(chance() * 13);
    const timestampUs = dayUs - backDays * DAY_US + Math.floor(chance() * DAY_US);
    const id = `${dayUs} ${index}`;
    return { id, timestampUs, value: chance(), refused: timestampUs < world.deletedBeforeUs };
  });
  world.events.push(...events);
  world.operations.push({ kind: 'post', events });
}

function cleanUp(world: World, nowUs: number, policy: RetentionPolicy): void {
  const { deleteBeforeUs, downsampleBeforeUs } = boundsOf(policy, nowUs);
  world.deletedBeforeUs = deleteBeforeUs;
  world.condensedBeforeUs = downsampleBeforeUs;
  for (const row of world.rows) {
    if (row.bucketUs === null && row.timestampUs < downsampleBeforeUs) row.bucketUs = policy.bucketUs;
  }
  world.operations.push({ kind: 'cleanup', nowUs, policy });
}

export interface Figures {
  count: number;
  avg: number;
  min: number;
  max: number;
  last: number;
}

/** What a range query with this bucket has to answer about a field, by instance and start of the bucket. */
export function expectedRange(world: World, family: string, field: number, bucketUs: number): Map<string, Figures> {
  const rows = world.rows.filter(
    (row) => row.family === family && !row.refused && dayOf(row.timestampUs) >= world.deletedBeforeUs,
  );
  const groups = Map.groupBy(rows, (row) => {
    const countsAtUs = row.bucketUs === null ? row.timestampUs : floorTo(row.timestampUs, row.bucketUs);
    return `${row.instance} ${floorTo(countsAtUs, bucketUs)}`;
  });
  return new Map([...groups].map(([key, group]) => [key, figuresOf(group, field)]));
}

function figuresOf(rows: readonly WorldRow[], field: number): Figures {
  const values = rows.toSorted((a, b) => a.timestampUs - b.timestampUs).map((row) => row.values[field] as number);
  return {
    count: values.length,
    avg: values.reduce((sum, value) => sum + value, 0) / values.length,
    min: Math.min(...values),
    max: Math.max(...values),
    last: values.at(-1) as number,
  };
}

function floorTo(us: number, stepUs: number): number {
  return Math.floor(us / stepUs) * stepUs;
}
