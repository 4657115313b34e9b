import { table } from '../table.ts';
import type { Check, FamilyReport, PerfEventReport, Report, Timing } from './report.ts';

/** Columns that everything fits into. */
const WIDTH = 100;
const STATE_WIDTH = 9;
/** Said in the first line. */
const IN_HOST_LINE = ['kernel', 'machine'];
const COLOURS = { ok: 32, limited: 33, missing: 31 } as const;

type State = Check['state'];
/** The lines of a remedy; none when there is none, or when it has been said. */
type Remedies = (remedy: string | null) => string[];

/** The report for a person, on one screen of 100 columns on a usual host. */
export function renderScreen(report: Report, colours: boolean): string {
  const state = (name: State) => {
    const padded = name.padEnd(STATE_WIDTH);
    return colours ? `\x1b[${COLOURS[name]}m${padded}\x1b[0m` : padded;
  };
  const remedies = onceEach();
  const sections = [
    wrapped(hostLine(report), ''),
    checkLines(report.checks, state, remedies),
    familyLines(report.families, report.perf_events, state),
    eventLines(report, state, remedies),
    wrapped(timingLine(report.timing), ''),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function hostLine({ version, host }: Report): string {
  const { hostname, kernel, architecture, cpus_online, hypervisor } = host;
  const parts = [
    `tacho ${version}`,
    hostname,
    kernel && `Linux ${kernel}`,
    architecture,
    cpus_online && `${cpus_online} CPUs`,
  ];
  return [...parts, hypervisor && `virtual (${hypervisor})`].filter(Boolean).join(' · ');
}

function checkLines(checks: readonly Check[], state: (name: State) => string, remedies: Remedies): string[] {
  const said = ({ name, value, reason }: Check) =>
    `${name}: ${[value, reason].filter((part) => part !== null).join(': ')}`;
  const together = (name: State, some: readonly Check[]) =>
    some.length === 0 ? [] : labelled(state(name), some.map(said).join(' · '));
  const fine = checks.filter((check) => check.state === 'ok');
  const helpless = checks.filter((check) => check.state === 'missing' && check.remedy === null);
  const lines = together(
    'ok',
    fine.filter(({ name }) => !IN_HOST_LINE.includes(name)),
  );
  for (const check of checks.filter((check) => !fine.includes(check) && !helpless.includes(check)))
    lines.push(...labelled(state(check.state), said(check)), ...remedies(check.remedy));
  return [...lines, ...together('missing', helpless)];
}

function stateOf({ available, fields, reason }: FamilyReport): State {
  if (!available) return 'missing';
  return reason !== null || fields.some(({ has_value }) => has_value === false) ? 'limited' : 'ok';
}

function familyLines(
  families: readonly FamilyReport[],
  events: readonly PerfEventReport[],
  state: (name: State) => string,
): string[] {
  const titles = ['FAMILY', 'µs/READ', 'SHORTEST', 'RESOLUTION', 'NO VALUE NOW'];
  const rows = families.map((family) => [
    `${family.family}${family.opt_in ? ' (opt-in)' : ''}`,
    costText(family),
    durationText(family.floor_interval_ms),
    resolutionText(family),
  ]);
  const widths = titles
    .slice(0, 4)
    .map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const room = WIDTH - STATE_WIDTH - widths.reduce((sum, width) => sum + width + 2, 0);
  const [head = '', ...body] = table(
    titles,
    rows.map((row, index) => [...row, valuelessText(families[index], room)]),
  ).split('\n');
  const lines = [`${''.padEnd(STATE_WIDTH)}${head}`];
  for (const [index, family] of families.entries()) lines.push(`${state(stateOf(family))}${body[index]}`);
  // What is said of the events below need not be said here.
  const told = new Set(events.filter(({ reason }) => reason !== null).map(({ family }) => family));
  for (const { family, reason } of families)
    if (reason !== null && !told.has(family)) lines.push(...labelled(''.padEnd(STATE_WIDTH), `${family}: ${reason}`));
  return lines;
}

function costText({ cost_us_per_read, readers }: FamilyReport): string {
  if (cost_us_per_read === null) return '-';
  return `${cost_us_per_read.toFixed(1)}${readers.some(({ aside }) => aside) ? ' + aside' : ''}`;
}

function resolutionText({ fields }: FamilyReport): string {
  const resolutions = fields.map(({ resolution_ms }) => resolution_ms);
  const [finest, coarsest] = [Math.min(...resolutions), Math.max(...resolutions)];
  return finest === coarsest ? precisionText(finest) : `${precisionText(finest)} to ${precisionText(coarsest)}`;
}

function precisionText(ms: number): string {
  return ms === 0 ? 'exact' : durationText(ms);
}

function durationText(ms: number): string {
  return ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`;
}

/** As many names as there is room for, and how many more there are. */
function valuelessText(family: FamilyReport | undefined, room: number): string {
  const names = family?.fields.filter(({ has_value }) => has_value === false).map(({ name }) => name) ?? [];
  if (names.length > 0 && names.length === family?.fields.length) return 'all';
  for (let shown = names.length; shown > 0; shown -= 1) {
    const more = names.length > shown ? ` +${names.length - shown}` : '';
    const text = `${names.slice(0, shown).join(' ')}${more}`;
    if (text.length <= room) return text;
  }
  return names.length === 0 ? '' : `${names.length} of ${family?.fields.length}`;
}

/** The events of one fate together. */
function eventLines({ perf_events, checks }: Report, state: (name: State) => string, remedies: Remedies): string[] {
  const groups = Map.groupBy(perf_events, ({ available, reason, remedy }) =>
    JSON.stringify([available, reason, remedy]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const fate: State = !first.available ? 'missing' : first.reason === null ? 'ok' : 'limited';
    const names = `perf events: ${group.map(({ name }) => name).join(' ')}`;
    const check = checks.find(({ reason }) => reason !== null && reason === first.reason);
    const why = check === undefined ? first.reason : `see ${check.name}`;
    return [...labelled(state(fate), why === null ? names : `${names}: ${why}`), ...remedies(first.remedy)];
  });
}

function timingLine({
  tick_interval_ms,
  tick_family,
  ticks,
  missed_ticks,
  lateness_us,
  cpu_us_per_tick_at_1hz,
}: Timing): string {
  const { median, p99, max } = lateness_us;
  const late = `late by ${median} µs in the middle, ${p99} at the 99th percentile, ${max} at most`;
  const fast = `Ticks every ${tick_interval_ms} ms (${tick_family} alone, ${ticks} ticks): ${late}; ${missed_ticks} missed.`;
  if (cpu_us_per_tick_at_1hz === null) return fast;
  return `${fast} A tick at 1 Hz of all families recorded by default took the sampler ${cpu_us_per_tick_at_1hz} µs of CPU.`;
}

function onceEach(): Remedies {
  const told = new Set<string>();
  return (remedy) => {
    if (remedy === null || told.has(remedy)) return [];
    told.add(remedy);
    return labelled(''.padEnd(STATE_WIDTH), `→ ${remedy}`);
  };
}

/** Text behind a label of the state's width, which may hold colours. */
function labelled(label: string, text: string): string[] {
  const [first = '', ...rest] = wrapped(text, ''.padEnd(STATE_WIDTH));
  return [`${label}${first.slice(STATE_WIDTH)}`, ...rest.map((line) => `${''.padEnd(2)}${line}`)];
}

/** Lines of at most the width (two columns are kept for indenting), each behind `indent`; words that are longer are broken. */
function wrapped(text: string, indent: string): string[] {
  const room = WIDTH - indent.length - 2;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((word) => word.match(new RegExp(`.{1,${room}}`, 'gu')) ?? [])) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines.map((content) => `${indent}${content}`);
}
