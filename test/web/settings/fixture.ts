import type { Settings } from '../../../src/web/settings/settings.ts';

/** What a new daemon has. */
export const SETTINGS: Settings = {
  sampling_interval_seconds: 5,
  retention_days: 30,
  archive_enabled: true,
  downsample_after_days: 7,
  downsample_interval: '1h',
  perf_events_enabled: true,
  perf_events_cpu_cores: 'all',
  perf_events_interval_ms: 1000,
  cleanup_enabled: true,
  cleanup_interval_minutes: 1440,
};
