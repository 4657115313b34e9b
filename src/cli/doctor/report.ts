import { type Static, type TSchema, Type } from 'typebox';

const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const text = (description: string) => Type.String({ description });
const textOrNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description });
const numberOrNull = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
const object = <Properties extends Record<string, TSchema>>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });

const why = {
  reason: textOrNull('Why not, or what of it is missing; null when all is well.'),
  remedy: textOrNull('The command, setting, capability or host that would change it; null when none is known.'),
};

/** One circumstance of this host that decides what can be measured. */
const CheckSchema = object({
  name: text('Stays the same from version to version.'),
  state: Type.Union([Type.Literal('ok'), Type.Literal('limited'), Type.Literal('missing')]),
  value: textOrNull('What was found.'),
  ...why,
});

const ReaderSchema = object({
  name: Type.String(),
  path: text('The file or folder that it reads.'),
  cost_us_per_read: numberOrNull('Time of the sampler thread, measured just now.'),
  aside: Type.Boolean({ description: 'Read on another thread: the cost is that of picking up what was read.' }),
  problem: textOrNull('Why it has nothing at present.'),
});

const FieldSchema = object({
  name: Type.String(),
  resolution_ms: Type.Number({ description: "How often the kernel's own figure moves; 0 is exact at any rate." }),
  window_ms: Type.Number({ description: 'The shortest time it is taken over; 0 is the interval.' }),
  has_value: Type.Union([Type.Boolean(), Type.Null()], {
    description: 'Whether any instance had a value while it was looked at; null when that was shorter than the window.',
  }),
});

const FamilySchema = object({
  family: Type.String(),
  available: Type.Boolean(),
  reason: textOrNull('Why not, or what of it is missing.'),
  opt_in: Type.Boolean({ description: 'Recorded only when record_also names it.' }),
  floor_interval_ms: Type.Number({ description: 'The shortest interval it is sampled at.' }),
  cost_us_per_read: numberOrNull('Of all its readers, as they were read at that interval; null when none was.'),
  instances: Type.Number({ description: 'CPUs, devices and so on that the last reading had.' }),
  readers: Type.Array(ReaderSchema),
  fields: Type.Array(FieldSchema),
});

const PerfEventSchema = object({
  family: Type.String(),
  name: text('As perf list has it.'),
  pmu: textOrNull('The PMUs that count it, or that were tried.'),
  available: Type.Boolean(),
  ...why,
});

const TimingSchema = object({
  tick_interval_ms: Type.Number({ description: 'The interval that was tried.' }),
  tick_family: text('The family that was read so fast, and nothing else.'),
  ticks: Type.Number({ description: 'Grid points that it was read at.' }),
  missed_ticks: Type.Number({ description: 'Grid points that passed meanwhile.' }),
  lateness_us: object({ median: nullable(Type.Number()), p99: nullable(Type.Number()), max: nullable(Type.Number()) }),
  cpu_us_per_tick_at_1hz: numberOrNull(
    'CPU time of the sampler thread for one tick at 1 Hz, after a rest, of all families that are recorded by default.',
  ),
});

/** What `tacho doctor --json` prints. Times are in the unit of their names; numbers are finite, else null. */
export const ReportSchema = object({
  version: text('Of Tacho.'),
  host: object({
    hostname: Type.String(),
    kernel: textOrNull('Its release.'),
    architecture: textOrNull('As uname -m has it.'),
    cpus_online: numberOrNull('Logical CPUs.'),
    hypervisor: textOrNull('What the virtual machine runs on; null on bare metal, and where nothing tells.'),
    procfs: Type.String(),
    sysfs: Type.String(),
    cgroupfs: Type.String(),
  }),
  checks: Type.Array(CheckSchema),
  families: Type.Array(FamilySchema),
  perf_events: Type.Array(PerfEventSchema),
  timing: TimingSchema,
});

export type Check = Static<typeof CheckSchema>;
export type FamilyReport = Static<typeof FamilySchema>;
export type PerfEventReport = Static<typeof PerfEventSchema>;
export type Timing = Static<typeof TimingSchema>;
export type Report = Static<typeof ReportSchema>;
