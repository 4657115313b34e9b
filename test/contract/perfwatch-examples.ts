/** The examples of PerfWatch's API specification, as it has them. */

export const LIVE_DATA = {
  cpu: {
    usage_percent: 45.2,
    per_core: [40.1, 50.3, 42.8, 47.6],
    user: 30.5,
    system: 14.7,
    idle: 54.8,
    iowait: 0.0,
    frequency_mhz: [3200, 3150, 3180, 3210],
    temperature_celsius: [65, 67, 64, 66],
    interrupts: 125840,
  },
  memory: {
    usage_percent: 62.4,
    total_bytes: 17179869184,
    used_bytes: 10724843520,
    available_bytes: 6455025664,
    cached_bytes: 3221225472,
    buffers_bytes: 536870912,
    swap_used_bytes: 0,
    swap_total_bytes: 8589934592,
    hugepages_total: 0,
    hugepages_free: 0,
  },
  network: {
    interfaces: {
      eth0: {
        bytes_sent_per_sec: 125000,
        bytes_recv_per_sec: 450000,
        packets_sent_per_sec: 150,
        packets_recv_per_sec: 400,
      },
    },
    connections: { established: 45, time_wait: 12, listen: 8 },
  },
  disk: {
    devices: {
      sda: {
        read_bytes_per_sec: 5242880,
        write_bytes_per_sec: 1048576,
        read_iops: 150,
        write_iops: 30,
        read_latency_ms: 0.5,
        write_latency_ms: 1.2,
      },
    },
    partitions: { '/': { total_bytes: 512000000000, used_bytes: 256000000000, usage_percent: 50.0 } },
  },
  perf: {
    available: true,
    ipc: 1.85,
    cycles: 3200000000,
    instructions: 5920000000,
    l1i_cache_misses: 12500,
    l1d_cache_misses: 45000,
    l2_cache_misses: 8000,
    llc_misses: 2500,
    memory_bandwidth_read_mbps: 12500,
    memory_bandwidth_write_mbps: 8000,
  },
};

/** What depends on the hardware: sensors, and counters that virtual machines lack. */
export const HARDWARE_FIGURES = ['frequency_mhz', 'temperature_celsius', ...Object.keys(LIVE_DATA.perf).slice(1)];

export const HISTORY = {
  metric_type: 'cpu',
  start_time: '2025-01-18T10:00:00Z',
  end_time: '2025-01-18T14:00:00Z',
  interval: '1m',
  data_points: [
    { timestamp: '2025-01-18T10:00:00Z', data: { usage_percent: 45.2, user: 30.5, system: 14.7 } },
    { timestamp: '2025-01-18T10:01:00Z', data: { usage_percent: 48.1, user: 32.0, system: 16.1 } },
  ],
};

export const METRIC_TYPES = { metric_types: ['cpu', 'disk', 'memory', 'memory_bandwidth', 'network', 'perf_events'] };

export const COMPARISON = {
  metric_type: 'cpu',
  period: 'hour',
  compare_to: 'yesterday',
  interval: '1m',
  current: {
    start_time: '2026-01-21T14:00:00Z',
    end_time: '2026-01-21T15:00:00Z',
    data_points: [{ timestamp: '2026-01-21T14:00:00Z', data: { usage_percent: 52.3, user: 35.2, system: 17.1 } }],
  },
  comparison: {
    start_time: '2026-01-20T14:00:00Z',
    end_time: '2026-01-20T15:00:00Z',
    data_points: [{ timestamp: '2026-01-20T14:00:00Z', data: { usage_percent: 45.8, user: 30.1, system: 15.7 } }],
  },
  summary: { current_avg: 52.3, comparison_avg: 45.8, change_percent: 14.2 },
};

export const CONFIG = {
  sampling_interval_seconds: 5,
  retention_days: 30,
  archive_enabled: true,
  downsample_after_days: 7,
  downsample_interval: '1h',
};

export const RETENTION = {
  retention_days: 30,
  archive_enabled: true,
  downsample_after_days: 7,
  downsample_interval: '1h',
  current_data_size_mb: 256,
  oldest_record: '2024-12-18T10:00:00Z',
  newest_record: '2025-01-18T14:30:00Z',
};
