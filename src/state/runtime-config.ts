import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { State } from './state.ts';
import { isoSeconds } from './time.ts';

const CPU_LIST = /^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/;

/** `all`, or CPU numbers and ranges as the kernel writes them (Documentation/admin-guide/cputopology): `0-3,5`. */
function isCpuList(text: string): boolean {
  if (text === 'all') return true;
  if (!CPU_LIST.test(text)) return false;
  return text.split(',').every((range) => {
    const [first = '', last = first] = range.split('-');
    return Number(first) <= Number(last);
  });
}

function isWholeMs(seconds: number): boolean {
  return Math.abs(seconds * 1000 - Math.round(seconds * 1000)) < 1e-6;
}

/** What people change while the daemon runs: types, ranges and units. Routes build their schemas from it. */
export const RuntimeConfigSchema = Type.Object(
  {
    sampling_interval_seconds: Type.Refine(
      Type.Number({
        minimum: 0.001,
        maximum: 3600,
        description: 'Time between stored samples, in seconds, whole ms.',
        'x-expected': 'a number from 0.001 to 3600 with at most three decimals',
      }),
      isWholeMs,
      () => 'must be a whole number of milliseconds',
    ),
    retention_days: Type.Integer({ minimum: 1, maximum: 3650, description: 'Days after which data is deleted.' }),
    archive_enabled: Type.Boolean({ description: 'Whether data is written to Parquet files before it is deleted.' }),
    downsample_after_days: Type.Integer({
      minimum: 1,
      maximum: 3650,
      description: 'Days after which samples are replaced by aggregates. At most retention_days.',
    }),
    downsample_interval: Type.Enum(['5s', '1m', '5m', '1h'], { description: 'Span of one aggregate.' }),
    perf_events_enabled: Type.Boolean({ description: 'Whether perf events are counted.' }),
    perf_events_cpu_cores: Type.Refine(
      Type.String({
        maxLength: 1024,
        description: 'CPUs whose perf events are counted: all, or a list such as 0-3,5.',
        'x-expected': '"all" or a list of CPUs such as "0-3,5"',
      }),
      isCpuList,
      () => 'must be "all" or a list of CPUs such as "0-3,5"',
    ),
    perf_events_interval_ms: Type.Integer({
      minimum: 1,
      maximum: 3_600_000,
      description:
        'Time between readings of perf events, in ms. They are stored every sampling_interval_seconds, or as often as they are read if that is rarer.',
    }),
    cleanup_enabled: Type.Boolean({ description: 'Whether retention is applied by itself.' }),
    cleanup_interval_minutes: Type.Integer({
      minimum: 1,
      maximum: 525_600,
      description: 'Time between two clean-ups, in minutes, counted from 03:00 UTC.',
    }),
  },
  { additionalProperties: false },
);

export type RuntimeSettings = Readonly<Static<typeof RuntimeConfigSchema>>;

/** Any part of the settings; names that do not exist are refused. */
export const RuntimeConfigUpdateSchema = Type.Partial(RuntimeConfigSchema, { additionalProperties: false });

export type RuntimeSettingsUpdate = Readonly<Static<typeof RuntimeConfigUpdateSchema>>;

const DEFAULTS: RuntimeSettings = {
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

/** A setting is out of its range or contradicts another one. Nothing was changed. */
export class RuntimeConfigError extends Error {
  override readonly name = 'RuntimeConfigError';
  readonly code = 'TACHO_INVALID_CONFIG';
  readonly field: string;

  constructor(field: string, expectation: string) {
    super(`${field}: ${expectation}`);
    this.field = field;
  }
}

type Listener = (current: RuntimeSettings, previous: RuntimeSettings) => void;

/** The settings in force. Only those that somebody set are stored, so a later version may have better defaults. */
export class RuntimeConfig {
  readonly #state: State;
  readonly #listeners = new Set<Listener>();
  #current: RuntimeSettings;

  /** Stored values that this version does not accept give way to their defaults. */
  constructor(state: State) {
    this.#state = state;
    const stored = state.settings.all();
    const accepted = Object.entries(RuntimeConfigSchema.properties).flatMap(([key, type]) => {
      const value = stored.get(key);
      return Value.Check(type, value) ? [[key, value]] : [];
    });
    this.#current = Object.freeze({ ...DEFAULTS, ...Object.fromEntries(accepted) });
  }

  get(): RuntimeSettings {
    return this.#current;
  }

  /**
   * What would be in force with the given changes; nothing is changed.
   * Throws a RuntimeConfigError for a value that is refused.
   */
  with(changes: RuntimeSettingsUpdate): RuntimeSettings {
    const [problem] = Value.Errors(RuntimeConfigUpdateSchema, changes);
    if (problem) throw new RuntimeConfigError(fieldOf(problem), problem.message);
    const next = Object.freeze({ ...this.#current, ...changes });
    if (next.downsample_after_days > next.retention_days) {
      throw new RuntimeConfigError('downsample_after_days', 'must not exceed retention_days');
    }
    return next;
  }

  /**
   * Changes the given settings, all or none; they are on disk when it returns, and listeners have been told.
   * Throws a RuntimeConfigError for a value that is refused, a StateError when the disk refuses.
   */
  update(changes: RuntimeSettingsUpdate): RuntimeSettings {
    const previous = this.#current;
    const next = this.with(changes);
    this.#state.settings.put(changes, isoSeconds(Date.now()));
    this.#current = next;
    for (const listener of this.#listeners) listener(next, previous);
    return next;
  }

  /** Calls `listener` after each update; the returned function ends that. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function fieldOf(problem: { instancePath: string; params: object }): string {
  const unknownNames: unknown = Reflect.get(problem.params, 'additionalProperties');
  if (Array.isArray(unknownNames)) return String(unknownNames[0]);
  return problem.instancePath.slice(1) || 'body';
}
