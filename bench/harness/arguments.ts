import { parseArgs } from 'node:util';
import { type Bench, BenchError } from './bench.ts';

export interface BenchArguments {
  bench: Bench;
  cases: readonly string[];
  seconds: number;
  json: boolean;
}

/** @throws BenchError naming what is wrong and what there is. */
export function parseArguments(words: readonly string[], benches: readonly Bench[]): BenchArguments {
  const { values, positionals } = parse(words);
  const [name, ...cases] = positionals;
  const names = benches.map((bench) => bench.name).join(', ');
  if (name === undefined)
    throw new BenchError(`usage: npm run bench -- NAME [--json] [--seconds N] [case…]; NAME is one of ${names}`);
  const bench = benches.find((candidate) => candidate.name === name);
  if (!bench) throw new BenchError(`no bench ${name}; there are ${names}`);
  const unknown = cases.find((wanted) => !bench.cases.includes(wanted));
  if (unknown !== undefined)
    throw new BenchError(`${name} has no case ${unknown}; there are ${bench.cases.join(', ')}`);
  const seconds = values.seconds === undefined ? bench.defaultSeconds : Number(values.seconds);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 86_400) {
    throw new BenchError('--seconds is a whole number from 1 to 86400');
  }
  return { bench, cases: cases.length > 0 ? cases : bench.cases, seconds, json: values.json };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, seconds: { type: 'string' } },
    });
  } catch (error) {
    throw new BenchError(error instanceof Error ? error.message : String(error));
  }
}
