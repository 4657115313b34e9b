import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

const DAY_MS = 86_400_000;

interface Answer {
  status: number;
  body: object;
}

/** What the daemon knows of settings, stored data and clean-ups: as much as the settings view asks for. */
export class MockSettings {
  mayChange = true;
  /** Given to the next change instead of an answer. */
  refusal: string | null = null;
  /** In force. */
  values: Record<string, unknown> = {
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
  /** Rows a day, of which a preview counts those before its dates. */
  rowsPerDay = 12_345;
  storedDays = 28;
  nowMs = Date.now();
  /** Method, path and body of every change. */
  readonly changes: { path: string; body: unknown }[] = [];
  readonly previews: string[] = [];
  password = 'secret';
  #running: PromiseWithResolvers<void> | null = null;
  #lastRun: object | null = null;

  /** Ends the clean-up that runs. */
  finishCleanUp(): void {
    this.#running?.resolve();
  }

  get cleaningUp(): boolean {
    return this.#running !== null;
  }

  /** Null for what is not about settings. */
  async answer(request: IncomingMessage, url: URL): Promise<Answer | null> {
    const asked = `${request.method} ${url.pathname}`;
    if (asked === 'PUT /api/auth/password') return this.#changePassword(JSON.parse(await text(request)));
    if (asked === 'GET /api/config') return { status: 200, body: { ...this.#shown(), app_version: '0.1.0' } };
    if (asked === 'GET /api/retention')
      return { status: 200, body: { id: 1, ...this.#shown(), last_archive_run: null } };
    if (asked === 'PUT /api/config' || asked === 'PUT /api/retention')
      return this.#change(url.pathname, JSON.parse(await text(request)));
    if (asked === 'GET /api/config/retention') return { status: 200, body: this.#stored() };
    if (asked === 'GET /api/retention/preview') return this.#preview(url);
    if (asked === 'GET /api/retention/cleanup') return { status: 200, body: this.#status() };
    if (asked === 'POST /api/retention/cleanup') return this.#cleanUp();
    return null;
  }

  #shown(): Record<string, unknown> {
    return { ...this.values };
  }

  #change(path: string, body: Record<string, unknown>): Answer {
    this.changes.push({ path, body });
    if (!this.mayChange) return { status: 403, body: { detail: 'Not authorized to perform this action' } };
    const detail = this.refusal;
    this.refusal = null;
    if (detail) return { status: 400, body: { detail } };
    this.values = { ...this.values, ...body };
    return { status: 200, body: { message: 'Configuration updated', config: this.#shown() } };
  }

  #changePassword({ current_password: current, new_password: next }: Record<string, string>): Answer {
    if (current !== this.password) return { status: 400, body: { detail: 'Current password is incorrect' } };
    if ((next ?? '').length < 8)
      return { status: 400, body: { detail: 'a password must have at least 8 characters and at most 1024 bytes' } };
    this.password = next ?? '';
    return { status: 200, body: { message: 'Password updated successfully' } };
  }

  #daysAgo(days: number): string {
    return new Date(Math.floor(this.nowMs / DAY_MS - days) * DAY_MS).toISOString().replace('.000', '');
  }

  #stored(): object {
    return {
      current_data_size_mb: 256.25,
      oldest_record: this.#daysAgo(this.storedDays),
      newest_record: new Date(this.nowMs).toISOString(),
    };
  }

  #preview(url: URL): Answer {
    this.previews.push(url.search);
    const days = (name: string) => Number(url.searchParams.get(name) ?? this.values[name]);
    const [kept, raw] = [days('retention_days'), days('downsample_after_days')];
    const body = {
      downsample_before: this.#daysAgo(raw),
      downsample_count: Math.max(0, Math.min(kept, this.storedDays) - raw) * this.rowsPerDay,
      delete_before: this.#daysAgo(kept),
      delete_count: Math.max(0, this.storedDays - kept) * this.rowsPerDay,
      archive_enabled: this.values['archive_enabled'],
      oldest_record: this.#daysAgo(this.storedDays),
    };
    return { status: 200, body };
  }

  #status(): object {
    const progress = {
      started_at: new Date(this.nowMs).toISOString(),
      table: 'cpu',
      day: this.#daysAgo(9),
      tables_done: 3,
      tables_total: 18,
      downsampled_count: 24_690,
      deleted_count: 0,
      archived_count: 24_690,
    };
    const nextRun = new Date(Math.ceil(this.nowMs / DAY_MS) * DAY_MS + 3 * 3_600_000).toISOString();
    return {
      running: this.cleaningUp,
      progress: this.cleaningUp ? progress : null,
      last_run: this.#lastRun,
      next_run: this.values['cleanup_enabled'] ? nextRun : null,
    };
  }

  async #cleanUp(): Promise<Answer> {
    this.#running = Promise.withResolvers();
    await this.#running.promise;
    this.#running = null;
    const counts = { downsampled_count: 24_690, deleted_count: 12_345, archived_count: 37_035 };
    const archive = { archive_files: 4, archive_bytes: 1_310_720 };
    const finished = new Date(this.nowMs).toISOString();
    this.#lastRun = { started_at: finished, finished_at: finished, ...counts, ...archive, problem: null };
    return { status: 200, body: { ...counts, ...archive, last_archive_run: finished, duration_ms: 3_200 } };
  }
}
