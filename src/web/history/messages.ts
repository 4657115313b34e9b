const DURATION_UNITS = { m: ['minute', 'minutes'], h: ['hour', 'hours'], d: ['day', 'days'] } as const;

/** `6h` in words: `6 hours`. */
function duration(text: string): string {
  const count = Number.parseInt(text, 10);
  const [one, many] = DURATION_UNITS[text.slice(-1) as keyof typeof DURATION_UNITS];
  return count === 1 ? one : `${count} ${many}`;
}

const INTERVAL_TEXTS: Record<string, string> = { '5s': '5 s', '1m': '1 min', '5m': '5 min', '1h': '1 h' };
const intervalText = (interval: string) => INTERVAL_TEXTS[interval] ?? interval;

export const historyMessages = {
  title: 'History',
  presets: 'Time span',
  preset: (id: string) => (id === 'all' ? 'All' : id),
  last: (id: string) => (id === 'all' ? 'All there is' : `Last ${duration(id)}`),
  chooseRange: 'Choose a time span',
  from: 'From',
  to: 'To',
  inZone: (zone: string) => `Times are in ${zone}`,
  zones: { utc: 'UTC', local: 'local time' },
  apply: 'Show',
  rangeProblem: {
    incomplete: 'Give both ends, with date and time.',
    order: 'The end must be later than the start.',
    long: 'Ten years are the most.',
  },
  earlier: 'One span earlier',
  later: 'One span later',
  zoomOut: 'Twice the span',
  undoZoom: 'Undo zoom',
  refresh: 'Refresh',
  loading: 'Loading…',
  loaded: (interval: string, refreshes: string | null) =>
    `${intervalText(interval)} per point${refreshes ? ` · refreshes every ${refreshes}` : ''}`,
  seconds: (count: number) => (count < 60 ? `${count} s` : `${count / 60} min`),
  interval: 'Interval',
  auto: (interval: string) => `Auto (${intervalText(interval)})`,
  intervalText,
  nothing: 'No data in this span',
  nothingAtAll: (since: string | null) =>
    since === null
      ? 'Nothing was recorded in this span.'
      : `Nothing was recorded in this span. Records begin on ${since}.`,
  showAll: 'Show all there is',
  truncated: (until: string) =>
    `Too many points for one answer: what comes after ${until} is missing. Choose a shorter span or a wider interval.`,
  stale: 'The store has not taken in the newest samples yet; they may be missing here.',
  downsampled: (days: string, interval: string) =>
    `Of what is older than ${days}, only one value per ${intervalText(interval)} is kept: lone points with this interval.`,
  days: (count: number) => (count === 1 ? 'a day' : `${count} days`),
  retry: 'Try again',

  sections: {
    processor: 'Processor',
    memory: 'Memory',
    network: 'Network',
    disk: 'Disk',
    perf: 'Performance counters',
  },
  all: { interfaces: 'All interfaces', devices: 'All devices' },
  memoryUsage: 'Memory usage',
  load: 'Load',
  activity: 'Interrupts and context switches',
  traffic: 'Traffic',
  packets: 'Packets',
  connections: 'TCP connections',
  throughput: 'Throughput',
  operations: 'Operations',
  latency: 'Latency',
  busy: 'Busy',
  filesystems: 'Filesystem usage',
  pageIo: 'Page I/O',
  faults: 'Page faults',
  reads: 'Reads',
  writes: 'Writes',
  perRead: 'Per read',
  perWrite: 'Per write',
  someOf: (shown: number, total: number) => `${shown} of ${total} shown`,
  ipc: 'Instructions per cycle',
  event: 'Event',
  // The reasons are those of now: what was in the way then, nobody knows any more.
  noPerf: (reason: string | null) => `Nothing was counted in this span${reason ? `. Nor is it now: ${reason}` : ''}.`,
  noHardware: (reason: string | null) =>
    `The CPUs’ own events were not counted in this span${reason ? `. Nor are they now: ${reason}` : ''}.`,
  noBandwidth: (reason: string | null) =>
    `The bandwidth of memory was not counted in this span${reason ? `. Nor is it now: ${reason}` : ''}.`,
} as const;
