import type { Api, User } from '../lib/api.ts';
import type { Settings } from './settings.ts';

/** What the next clean-up would do under a policy. */
export interface Preview {
  downsample_before: string;
  downsample_count: number;
  delete_before: string;
  delete_count: number;
  archive_enabled: boolean;
  oldest_record: string | null;
}

export interface StoredData {
  current_data_size_mb: number;
  oldest_record: string | null;
  newest_record: string | null;
}

interface RunCounts {
  downsampled_count: number;
  deleted_count: number;
  archived_count: number;
}

export interface CleanUpStatus {
  running: boolean;
  progress:
    | (RunCounts & {
        started_at: string;
        table: string | null;
        day: string | null;
        tables_done: number;
        tables_total: number;
      })
    | null;
  last_run:
    | (RunCounts & {
        started_at: string;
        finished_at: string;
        archive_files: number;
        archive_bytes: number;
        problem: string | null;
      })
    | null;
  next_run: string | null;
}

export interface CleanUpResult extends RunCounts {
  archive_files: number;
  archive_bytes: number;
  duration_ms: number;
}

export interface PreviewQuery {
  retention_days?: number;
  downsample_after_days?: number;
}

/** The part of the API that the settings view talks to. Every method throws an ApiError. */
export class SettingsApi {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  me(): Promise<User> {
    return this.#api.me();
  }

  /** Two routes hold the settings: one knows the clean-up, the other everything else. */
  async settings(): Promise<{ settings: Settings; version: string }> {
    const [config, retention] = await Promise.all([
      this.#api.get<Settings & { app_version: string }>('/api/config'),
      this.#api.get<Settings>('/api/retention'),
    ]);
    return { settings: { ...config, ...retention }, version: config.app_version };
  }

  async updateConfig(changes: Partial<Settings>): Promise<void> {
    await this.#api.send('PUT', '/api/config', changes);
  }

  async updateRetention(changes: Partial<Settings>): Promise<void> {
    await this.#api.send('PUT', '/api/retention', changes);
  }

  preview(query: PreviewQuery, signal: AbortSignal): Promise<Preview> {
    const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
    return this.#api.get(`/api/retention/preview?${parameters}`, signal);
  }

  stored(): Promise<StoredData> {
    return this.#api.get('/api/config/retention');
  }

  status(): Promise<CleanUpStatus> {
    return this.#api.get('/api/retention/cleanup');
  }

  /** Answers when the clean-up has ended, which may take minutes. */
  cleanUp(): Promise<CleanUpResult> {
    return this.#api.send('POST', '/api/retention/cleanup');
  }

  async changePassword(current: string, next: string): Promise<void> {
    await this.#api.send('PUT', '/api/auth/password', { current_password: current, new_password: next });
  }
}
