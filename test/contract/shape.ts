const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

export interface ShapeOptions {
  /** Objects whose keys are names of the host's own things; each value is like the example's first. */
  named?: readonly string[];
  /** Figures that a host may not have: null is as good as what the example has. */
  nullable?: readonly string[];
}

/**
 * How an answer differs in shape from a contract's example: every key of the example must be there with a value of its type, times as
 * ISO 8601 in UTC, every element of a list like the example's first (if it has one). More keys are welcome.
 * @returns one line per difference
 */
export function differences(example: unknown, actual: unknown, options: ShapeOptions = {}, path = ''): string[] {
  const name = path.split('.').at(-1)?.replace('[]', '') ?? '';
  if (actual === null && (example === null || options.nullable?.includes(name))) return [];
  if (Array.isArray(example)) {
    if (!Array.isArray(actual)) return [`${path}: expected a list, found ${JSON.stringify(actual)}`];
    if (example.length === 0) return [];
    return actual.flatMap((element) => differences(example[0], element, options, `${path}[]`));
  }
  if (typeof example === 'object' && example !== null) {
    if (typeof actual !== 'object' || actual === null || Array.isArray(actual))
      return [`${path}: expected an object, found ${JSON.stringify(actual)}`];
    if (options.named?.includes(name)) {
      const [first] = Object.values(example);
      return Object.entries(actual).flatMap(([key, value]) => differences(first, value, options, `${path}.${key}`));
    }
    return Object.entries(example).flatMap(([key, value]) =>
      key in actual
        ? differences(value, (actual as Record<string, unknown>)[key], options, path ? `${path}.${key}` : key)
        : [`${path}.${key}: is missing`],
    );
  }
  if (typeof actual !== typeof example)
    return [`${path}: expected a ${typeof example}, found ${JSON.stringify(actual)}`];
  if (typeof example === 'string' && ISO_TIME.test(example) && !ISO_TIME.test(actual as string))
    return [`${path}: expected a time in UTC, found ${JSON.stringify(actual)}`];
  return [];
}
