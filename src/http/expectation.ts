import type { TSchema } from 'typebox';

type Keywords = Readonly<Record<string, unknown>>;

/**
 * What a value must be, in words that complete "<field> …": "must be an integer from 1 to 1000".
 * A schema may say it itself: `Type.String({ pattern, 'x-expected': 'a CPU list such as 0-3,5' })`.
 */
export function expectationOf(schema: TSchema): string {
  const keywords = keywordsOf(schema);
  const given = keywords['x-expected'];
  if (typeof given === 'string') return `must be ${given}`;
  return `must be ${describe(keywords)}`;
}

/** A schema seen as the plain JSON Schema it is. */
export function keywordsOf(schema: TSchema): Keywords {
  return schema as Keywords;
}

function describe(keywords: Keywords): string {
  if (Array.isArray(keywords['enum'])) return choice(keywords['enum'].map(String));
  if ('const' in keywords) return String(keywords['const']);
  if (Array.isArray(keywords['anyOf'])) return choice(keywords['anyOf'].map((branch: Keywords) => describe(branch)));
  switch (keywords['type']) {
    case 'integer':
      return `an integer${range(keywords)}`;
    case 'number':
      return `a number${range(keywords)}${multiple(keywords)}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return text(keywords);
    case 'array':
      return `a list${counted(keywords['minItems'], keywords['maxItems'], 'entries')}`;
    case 'object':
      return 'an object';
    case 'null':
      return 'null';
    default:
      return 'a valid value';
  }
}

function choice(options: readonly string[]): string {
  const [first] = options;
  return options.length === 1 && first !== undefined ? first : `one of ${options.join(', ')}`;
}

function range(keywords: Keywords): string {
  const minimum = bound(keywords['minimum']) ?? bound(keywords['exclusiveMinimum'], 'more than ');
  const maximum = bound(keywords['maximum']) ?? bound(keywords['exclusiveMaximum'], 'less than ');
  if (minimum !== null && maximum !== null) return ` from ${minimum} to ${maximum}`;
  if (minimum !== null) return ` of ${minimum.startsWith('more') ? minimum : `at least ${minimum}`}`;
  if (maximum !== null) return ` of ${maximum.startsWith('less') ? maximum : `at most ${maximum}`}`;
  return '';
}

function bound(value: unknown, prefix = ''): string | null {
  return typeof value === 'number' ? `${prefix}${value}` : null;
}

function multiple(keywords: Keywords): string {
  return typeof keywords['multipleOf'] === 'number' ? ` in steps of ${keywords['multipleOf']}` : '';
}

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': 'an ISO 8601 date-time with a time zone, for example 2025-01-18T10:00:00Z',
  date: 'a date, for example 2025-01-18',
  email: 'an e-mail address',
  uuid: 'a UUID',
};

function text(keywords: Keywords): string {
  const format = FORMATS[String(keywords['format'])];
  if (format !== undefined) return format;
  const pattern = typeof keywords['pattern'] === 'string' ? ` that matches ${keywords['pattern']}` : '';
  return `a string${counted(keywords['minLength'], keywords['maxLength'], 'characters')}${pattern}`;
}

function counted(minimum: unknown, maximum: unknown, unit: string): string {
  if (typeof minimum === 'number' && typeof maximum === 'number') return ` of ${minimum} to ${maximum} ${unit}`;
  if (typeof minimum === 'number') return ` of at least ${minimum} ${unit}`;
  if (typeof maximum === 'number') return ` of at most ${maximum} ${unit}`;
  return '';
}
