import { compareMessages } from './compare/messages.ts';
import { historyMessages } from './history/messages.ts';
/** Every text of the page. One object per language will have this shape. */
export const messages = {
  product: 'Tacho',
  noValue: '–',
  noReason: 'The daemon gives no reason.',
  now: 'now',
  unreachable: 'The daemon cannot be reached. Is it running?',
  unexpectedAnswer: (status: number) => `The daemon answered with status ${status}.`,

  navigation: 'Main',
  skipToContent: 'Skip to content',
  notFound: { title: 'Nothing here', text: 'This address belongs to no view.', back: 'Go to the live view' },

  account: {
    signedInAs: 'Signed in as',
    logout: 'Log out',
  },
  theme: {
    label: (theme: 'system' | 'light' | 'dark') =>
      `Theme: ${{ system: 'system', light: 'light', dark: 'dark' }[theme]}`,
  },

  login: {
    title: 'Log in',
    tagline: 'Performance of this host, as it happens.',
    username: 'Username',
    password: 'Password',
    submit: 'Log in',
    submitting: 'Logging in…',
    expired: 'Your session has ended. Please log in again.',
    loggedOut: 'You are logged out.',
    throttled: (seconds: number) => `Too many attempts. Try again in ${seconds} s.`,
    throttledForAWhile: 'Too many attempts. Try again later.',
  },

  chart: {
    label: (title: string, parts: string) => `Chart over time: ${title} (${parts})`,
    average: 'average',
  },

  live: {
    title: 'Live',
    host: 'Host',
    waiting: 'Waiting for the first figures…',
    state: {
      connecting: 'Connecting…',
      open: 'Live',
      stalled: 'No data',
      offline: 'Offline',
      reconnecting: 'Reconnecting',
      closed: 'Disconnected',
    },
    retryIn: (seconds: number) => `in ${seconds} s`,
    updated: (age: string) => `updated ${age === 'now' ? 'just now' : `${age} ago`}`,
    window: 'Time span of the charts',
    windowMinutes: (minutes: number) => `${minutes} min`,
    windowMinutesLong: (minutes: number) => `Last ${minutes} minutes`,
    pause: 'Pause charts',
    resume: 'Resume charts',
    zone: { utc: 'UTC', local: 'Local' },
    zoneSwitch: (zone: string) => `Time zone: ${zone}. Switch`,
  },

  summary: { title: 'At a glance', load: 'Load', memory: 'Memory', cpu: 'CPU', network: 'Network', disk: 'Disk' },

  cpu: {
    title: 'CPU',
    user: 'User',
    system: 'System',
    other: 'Other',
    iowait: 'I/O wait',
    otherHint: 'nice, interrupts and steal',
    cores: 'Cores',
    core: (index: number) => `Core ${index}`,
    coresSummary: (cores: number, busiest: number, usage: string) =>
      `${cores} cores; the busiest is core ${busiest} at ${usage}`,
    noCores: 'No figures per core',
    counts: (logical: string, physical: string) => `${logical} logical · ${physical} physical`,
    loadSpans: ['1 min', '5 min', '15 min'],
    frequency: 'Frequency',
    temperature: 'Temperature',
    contextSwitches: 'Context switches',
    interrupts: 'Interrupts',
    steal: 'Steal',
    gigahertz: (value: string) => `${value} GHz`,
    celsius: (value: string) => `${value} °C`,
  },

  memory: {
    title: 'Memory',
    used: 'Used',
    cache: 'Cache',
    cacheHint: 'cached and buffers',
    cached: 'Cached',
    buffers: 'Buffers',
    available: 'Available',
    shared: 'Shared',
    swap: 'Swap',
    total: (size: string) => `of ${size}`,
    noSwap: 'no swap',
    composition: (used: string, cache: string, free: string) =>
      `Used ${used}, reclaimable cache ${cache}, free ${free}`,
  },

  network: {
    title: 'Network',
    received: 'Received',
    sent: 'Sent',
    interface: 'Interface',
    packets: (rate: string) => `${rate} packets/s`,
    established: 'Established',
    timeWait: 'Time wait',
    listening: 'Listening',
    connections: 'TCP connections',
    errors: 'Errors',
    drops: 'Drops',
    inOut: (received: string, sent: string) => `${received} in · ${sent} out`,
    sinceBoot: 'Totals since boot',
  },

  disk: {
    title: 'Disk',
    read: 'Read',
    written: 'Written',
    device: 'Device',
    busy: 'Busy',
    operations: (rate: string) => `${rate} IOPS`,
    filesystems: 'Filesystems',
    usedOf: (used: string, total: string) => `${used} of ${total}`,
    noDevices: 'No block devices are reported.',
    noFilesystems: 'No filesystems are reported.',
  },

  paging: {
    title: 'Paging',
    pageIn: 'Paged in',
    pageOut: 'Paged out',
    swapIn: 'Swapped in',
    swapOut: 'Swapped out',
    faults: 'Page faults',
    majorFaults: 'Major faults',
    pages: (rate: string) => (rate === '–' ? rate : rate.replace('/s', ' pages/s')),
    unavailable: 'This host reports no paging figures.',
  },

  perf: {
    title: 'Performance counters',
    nothing: 'Nothing is counted',
    noHardware: 'The events of the CPUs are not counted',
    notCounted: (events: number) => (events === 1 ? 'One event is not counted' : `${events} events are not counted`),
    ipc: 'Instructions per cycle',
    cycles: 'Cycles',
    instructions: 'Instructions',
    branchMisses: 'Branches mispredicted',
    perThousand: 'Misses per 1000 instructions',
    misses: {
      l1d: 'L1 data',
      l1i: 'L1 instructions',
      l2: 'L2',
      llc: 'Last level',
      dtlb: 'Data TLB',
      itlb: 'Instruction TLB',
      branch: 'Branches',
    },
    contextSwitches: 'Context switches',
    migrations: 'CPU migrations',
    faults: 'Page faults',
  },

  bandwidth: {
    title: 'Memory bandwidth',
    unavailable: 'Not counted',
    source: (name: string) => `counted by ${name}`,
    read: 'Read',
    written: 'Written',
    total: 'Both',
  },

  history: historyMessages,
  compare: compareMessages,

  list: {
    showAll: (total: number) => `Show all ${total}`,
    showFewer: 'Show fewer',
  },
} as const;
