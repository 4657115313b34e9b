/** What one field of a family means; declared in Rust beside its parser, learnt from the addon at start. */
export interface FieldDescriptor {
  /** Column name, unit included: `bytes_sent_per_sec`. */
  name: string;
  unit: string;
  /** `gauge`: a level. `counter`: a running total since boot. `rate`: derived over the window. */
  kind: 'gauge' | 'counter' | 'rate';
  help: string;
  /** What the kernel's own source resolves, in ms; 0 when it is exact at any rate. */
  resolutionMs: number;
  /** The shortest window the value is taken over, in ms; 0 when that is the sampling interval itself. */
  windowMs: number;
}

/** One metric family: a series table, a block of the metrics page and a subscription unit of the sampler. */
export interface FamilyDescriptor {
  name: string;
  help: string;
  /** What an instance is (`cpu`, `interface`, `device`, `mountpoint`); empty when the family has a single instance. */
  instanceLabel: string;
  /** The family is never read more often than this: its measured cost sets it. */
  floorIntervalMs: number;
  /** It is worth its cost only to some: not recorded unless `record_also` names it. */
  optIn: boolean;
  fields: FieldDescriptor[];
}

/** The families this build can sample, by name. */
export class Catalogue {
  readonly families: readonly FamilyDescriptor[];
  readonly #byName: Map<string, FamilyDescriptor>;

  constructor(families: readonly FamilyDescriptor[]) {
    this.families = families;
    this.#byName = new Map(families.map((family) => [family.name, family]));
  }

  /** @throws RangeError when this build has no such family. */
  family(name: string): FamilyDescriptor {
    const family = this.#byName.get(name);
    if (!family) throw new RangeError(`unknown metric family: ${name}`);
    return family;
  }
}
