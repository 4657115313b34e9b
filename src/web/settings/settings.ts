export type Interval = '5s' | '1m' | '5m' | '1h';

/** What an administrator may change, as the daemon names it. */
export interface Settings {
  sampling_interval_seconds: number;
  perf_events_enabled: boolean;
  perf_events_cpu_cores: string;
  perf_events_interval_ms: number;
  retention_days: number;
  archive_enabled: boolean;
  downsample_after_days: number;
  downsample_interval: Interval;
  cleanup_enabled: boolean;
  cleanup_interval_minutes: number;
}

export type SettingName = keyof Settings;
