import type { Block, BlockContext, BlockKind } from './block.ts';
import { figure, percent, whole } from './figures.ts';
import { cpuClockMs, perfBlock, perfEventsBlock, perfPoint } from './perf.ts';

const ALL = 'all';

function cpu({ view, host }: BlockContext): Block {
  const all = (field: string) => view.value('cpu', ALL, field);
  const system = (field: string) => view.value('system', '', field);
  const cores = view.instances('cpu').filter((instance) => instance !== ALL);
  const perCore = (field: string) => cores.map((core) => percent(view.value('cpu', core, field)));
  return {
    usage_percent: percent(all('usage_percent')),
    per_core: perCore('usage_percent'),
    user: percent(all('user_percent')),
    system: percent(all('system_percent')),
    idle: percent(all('idle_percent')),
    iowait: percent(all('iowait_percent')),
    nice: percent(all('nice_percent')),
    irq: percent(all('irq_percent')),
    softirq: percent(all('softirq_percent')),
    steal: percent(all('steal_percent')),
    guest: percent(all('guest_percent')),
    frequency_mhz: cores.map((core) => figure(view.value('cpu', core, 'frequency_mhz'))),
    temperature_celsius: cores.map((core) => figure(view.value('cpu', core, 'temperature_celsius'))),
    interrupts: whole(system('interrupts_per_sec')),
    context_switches: whole(system('context_switches_per_sec')),
    load_avg: ['load1', 'load5', 'load15'].map((field) => figure(system(field))),
    core_count: host.core_count,
    physical_cores: host.physical_cores,
  };
}

function memory({ view }: BlockContext): Block {
  const memory = (field: string) => view.value('memory', '', field);
  const swap = (field: string) => view.value('swap', '', field);
  return {
    usage_percent: percent(memory('usage_percent')),
    total_bytes: whole(memory('total_bytes')),
    used_bytes: whole(memory('used_bytes')),
    available_bytes: whole(memory('available_bytes')),
    free_bytes: whole(memory('free_bytes')),
    cached_bytes: whole(memory('cached_bytes')),
    buffers_bytes: whole(memory('buffers_bytes')),
    shared_bytes: whole(memory('shared_bytes')),
    swap_used_bytes: whole(swap('used_bytes')),
    swap_total_bytes: whole(swap('total_bytes')),
    swap_free_bytes: whole(swap('free_bytes')),
    swap_percent: percent(swap('usage_percent')),
    hugepages_total: whole(memory('hugepages_total')),
    hugepages_free: whole(memory('hugepages_free')),
  };
}

function network({ view }: BlockContext): Block {
  const of = (instance: string, field: string) => whole(view.value('network', instance, field));
  const sockets = (field: string) => view.value('sockets', '', field);
  const interfaces = view.instances('network').filter((instance) => instance !== ALL);
  const states = [sockets('tcp_established'), sockets('tcp_time_wait'), sockets('tcp_listen')];
  const [established, time_wait, listen] = states.map(whole);
  return {
    interfaces: Object.fromEntries(
      interfaces.map((name) => [
        name,
        {
          bytes_sent_per_sec: of(name, 'bytes_sent_per_sec'),
          bytes_recv_per_sec: of(name, 'bytes_received_per_sec'),
          packets_sent_per_sec: of(name, 'packets_sent_per_sec'),
          packets_recv_per_sec: of(name, 'packets_received_per_sec'),
        },
      ]),
    ),
    connections: { established, time_wait, listen },
    bytes_sent_per_sec: of(ALL, 'bytes_sent_per_sec'),
    bytes_recv_per_sec: of(ALL, 'bytes_received_per_sec'),
    total_bytes_sent: of(ALL, 'bytes_sent_total'),
    total_bytes_recv: of(ALL, 'bytes_received_total'),
    errors_in: of(ALL, 'errors_received_total'),
    errors_out: of(ALL, 'errors_sent_total'),
    drops_in: of(ALL, 'drops_received_total'),
    drops_out: of(ALL, 'drops_sent_total'),
    connection_count: whole(states.reduce((sum, count) => sum + count, 0)),
  };
}

function disk({ view }: BlockContext): Block {
  const of = (device: string, field: string) => view.value('disk', device, field);
  const total = (field: string) => whole(of(ALL, field));
  const devices = view.instances('disk').filter((instance) => instance !== ALL);
  const mounts = view.instances('filesystem');
  return {
    devices: Object.fromEntries(
      devices.map((name) => [
        name,
        {
          read_bytes_per_sec: whole(of(name, 'read_bytes_per_sec')),
          write_bytes_per_sec: whole(of(name, 'write_bytes_per_sec')),
          read_iops: figure(of(name, 'reads_per_sec')),
          write_iops: figure(of(name, 'writes_per_sec')),
          read_latency_ms: figure(of(name, 'read_latency_ms')),
          write_latency_ms: figure(of(name, 'write_latency_ms')),
          utilization_percent: percent(of(name, 'utilization_percent')),
        },
      ]),
    ),
    partitions: Object.fromEntries(
      mounts.map((mount) => [
        mount,
        {
          total_bytes: whole(view.value('filesystem', mount, 'total_bytes')),
          used_bytes: whole(view.value('filesystem', mount, 'used_bytes')),
          usage_percent: percent(view.value('filesystem', mount, 'usage_percent')),
        },
      ]),
    ),
    io: {
      read_bytes_per_sec: total('read_bytes_per_sec'),
      write_bytes_per_sec: total('write_bytes_per_sec'),
      read_bytes: total('read_bytes_total'),
      write_bytes: total('write_bytes_total'),
      read_count: total('reads_total'),
      write_count: total('writes_total'),
      read_time_ms: total('read_time_ms_total'),
      write_time_ms: total('write_time_ms_total'),
    },
  };
}

const KIB = 1_024;

/** Traffic of the memory controllers where something counts it; page and swap I/O and page faults always. */
function memoryBandwidth({ view, counters }: BlockContext): Block {
  const of = (field: string) => view.value('memory_bandwidth', '', field);
  const pageIo = of('page_io_bytes_per_sec');
  return {
    available: !Number.isNaN(pageIo),
    ...(counters && sourceOf(of, counters)),
    read_bytes_per_sec: whole(of('read_bytes_per_sec')),
    write_bytes_per_sec: whole(of('write_bytes_per_sec')),
    // Some hardware does not tell them apart.
    total_bytes_per_sec: whole(of('total_bytes_per_sec')),
    // The dashboards that read these two expect the unit of /proc/vmstat: KiB.
    pgpgin_per_sec: figure(of('page_in_bytes_per_sec') / KIB),
    pgpgout_per_sec: figure(of('page_out_bytes_per_sec') / KIB),
    pswpin_per_sec: figure(of('swap_in_pages_per_sec')),
    pswpout_per_sec: figure(of('swap_out_pages_per_sec')),
    page_io_bytes_per_sec: whole(pageIo),
    swap_io_bytes_per_sec: whole(of('swap_io_bytes_per_sec')),
    pgfault_per_sec: figure(of('page_faults_per_sec')),
    pgmajfault_per_sec: figure(of('major_page_faults_per_sec')),
  };
}

/** What counts the traffic, or why nothing does. */
function sourceOf(
  of: (field: string) => number,
  counters: NonNullable<BlockContext['counters']>,
): { source: string } | { source: null; reason: string } {
  const missing = Number.isNaN(of('total_bytes_per_sec')) ? ['total_bytes_per_sec'] : [];
  const told = counters.tell('memory_bandwidth', missing).families.get('memory_bandwidth');
  return told?.source ? { source: told.source } : { source: null, reason: told?.reason ?? '' };
}

const KINDS = {
  cpu: { build: cpu, primary: [({ view }) => view.value('cpu', ALL, 'usage_percent')] },
  memory: { build: memory, primary: [({ view }) => view.value('memory', '', 'usage_percent')] },
  network: {
    build: network,
    primary: [
      ({ view }) =>
        view.value('network', ALL, 'bytes_sent_per_sec') + view.value('network', ALL, 'bytes_received_per_sec'),
    ],
  },
  disk: {
    build: disk,
    primary: [
      ({ view }) => view.value('disk', ALL, 'read_bytes_per_sec') + view.value('disk', ALL, 'write_bytes_per_sec'),
    ],
  },
  perf: { build: perfBlock, primary: [] },
  perf_events: {
    build: perfEventsBlock,
    past: perfPoint,
    primary: [({ view }) => view.value('perf', ALL, 'instructions_per_cycle'), cpuClockMs],
  },
  memory_bandwidth: {
    build: memoryBandwidth,
    primary: [
      ({ view }) => view.value('memory_bandwidth', '', 'total_bytes_per_sec'),
      ({ view }) => view.value('memory_bandwidth', '', 'page_io_bytes_per_sec'),
    ],
  },
} as const satisfies Record<string, BlockKind>;

export type BlockName = keyof typeof KINDS;

/** The blocks of a live message, by name; a history asks for one of them. */
export const BLOCKS: Readonly<Record<BlockName, BlockKind>> = KINDS;

export const BLOCK_NAMES = Object.keys(BLOCKS) as BlockName[];

/** The `data` of a live message. */
export function liveData(context: BlockContext): Record<BlockName, Block> {
  const data = {} as Record<BlockName, Block>;
  for (const name of BLOCK_NAMES) data[name] = BLOCKS[name].build(context);
  return data;
}
