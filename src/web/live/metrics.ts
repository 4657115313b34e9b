/** The live message, as the page reads it. null and a missing field are the same: no value. */
export type Value = number | null | undefined;

interface CpuBlock {
  usage_percent?: Value;
  per_core?: Value[];
  user?: Value;
  system?: Value;
  iowait?: Value;
  steal?: Value;
  frequency_mhz?: Value[];
  temperature_celsius?: Value[];
  interrupts?: Value;
  context_switches?: Value;
  /** Over 1, 5 and 15 minutes. */
  load_avg?: Value[] | null;
  core_count?: Value;
  physical_cores?: Value;
}

export interface MemoryBlock {
  usage_percent?: Value;
  total_bytes?: Value;
  used_bytes?: Value;
  available_bytes?: Value;
  cached_bytes?: Value;
  buffers_bytes?: Value;
  shared_bytes?: Value;
  swap_used_bytes?: Value;
  swap_total_bytes?: Value;
}

export interface InterfaceFigures {
  bytes_sent_per_sec?: Value;
  bytes_recv_per_sec?: Value;
  packets_sent_per_sec?: Value;
  packets_recv_per_sec?: Value;
}

/** The totals leave loopback out. */
interface NetworkBlock {
  interfaces?: Record<string, InterfaceFigures>;
  connections?: { established?: Value; time_wait?: Value; listen?: Value };
  bytes_sent_per_sec?: Value;
  bytes_recv_per_sec?: Value;
  total_bytes_sent?: Value;
  total_bytes_recv?: Value;
  errors_in?: Value;
  errors_out?: Value;
  drops_in?: Value;
  drops_out?: Value;
}

export interface DeviceFigures {
  read_bytes_per_sec?: Value;
  write_bytes_per_sec?: Value;
  read_iops?: Value;
  write_iops?: Value;
  read_latency_ms?: Value;
  write_latency_ms?: Value;
  utilization_percent?: Value;
}

export interface PartitionFigures {
  total_bytes?: Value;
  used_bytes?: Value;
  usage_percent?: Value;
}

interface DiskBlock {
  devices?: Record<string, DeviceFigures>;
  partitions?: Record<string, PartitionFigures>;
  io?: { read_bytes_per_sec?: Value; write_bytes_per_sec?: Value };
}

export interface PerfBlock {
  available?: boolean;
  reason?: string;
  ipc?: Value;
  cycles?: Value;
  instructions?: Value;
  l1i_cache_misses?: Value;
  l1d_cache_misses?: Value;
  l2_cache_misses?: Value;
  llc_misses?: Value;
}

/** What each event counted, and in which unit; and why some did not. */
export interface PerfEventsBlock {
  available?: boolean;
  reason?: string;
  events?: Record<string, { value?: Value; unit?: string }>;
  unsupported_reasons?: Record<string, string>;
}

interface MemoryBandwidthBlock {
  available?: boolean;
  /** What counts the traffic of memory; null when nothing does. */
  source?: string | null;
  /** Why nothing does. */
  reason?: string;
  total_bytes_per_sec?: Value;
  read_bytes_per_sec?: Value;
  write_bytes_per_sec?: Value;
  page_io_bytes_per_sec?: Value;
  /** KiB per second, as in /proc/vmstat. */
  pgpgin_per_sec?: Value;
  pgpgout_per_sec?: Value;
  pswpin_per_sec?: Value;
  pswpout_per_sec?: Value;
  pgfault_per_sec?: Value;
  pgmajfault_per_sec?: Value;
}

export interface Metrics {
  cpu?: CpuBlock;
  memory?: MemoryBlock;
  network?: NetworkBlock;
  disk?: DiskBlock;
  perf?: PerfBlock;
  perf_events?: PerfEventsBlock;
  memory_bandwidth?: MemoryBandwidthBlock;
}

export interface LiveMessage {
  timestampMs: number;
  data: Metrics;
}

/** The metrics message in `text`; null for a pong, an error or anything else. */
export function parseMessage(text: string): LiveMessage | null {
  let message: { type?: unknown; timestamp?: unknown; data?: unknown } | null;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  if (message?.type !== 'metrics' || typeof message.timestamp !== 'string') return null;
  const timestampMs = Date.parse(message.timestamp);
  if (Number.isNaN(timestampMs) || typeof message.data !== 'object' || message.data === null) return null;
  return { timestampMs, data: message.data as Metrics };
}
