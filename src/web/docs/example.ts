import type { Schema } from './schema.ts';

const HOUR_MS = 3_600_000;

/**
 * A value that the schema accepts.
 * @param nowMs what date-times are made from: a `start…` is an hour before, everything else now
 * @param name of the field, where it has one
 */
export function exampleOf(schema: Schema, nowMs: number, name = ''): unknown {
  if ('const' in schema) return schema.const;
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return exampleOf(schema.anyOf.find(({ type }) => type !== 'null') ?? {}, nowMs, name);
  switch (schema.type) {
    case 'object':
      return objectExample(schema, nowMs);
    case 'array':
      return schema.items ? [exampleOf(schema.items, nowMs, name)] : [];
    case 'integer':
    case 'number':
      return numberExample(schema);
    case 'boolean':
      return true;
    case 'string':
      return stringExample(schema, nowMs, name);
    default:
      return null;
  }
}

/** As `exampleOf`, without the fields that may be left out: what a request can start from and change nothing by accident. */
export function smallestExample(schema: Schema, nowMs: number): unknown {
  const { properties, required = [] } = schema;
  if (!properties) return exampleOf(schema, nowMs);
  const needed = Object.entries(properties).filter(([name]) => required.includes(name));
  return Object.fromEntries(needed.map(([name, property]) => [name, exampleOf(property, nowMs, name)]));
}

function objectExample({ properties = {}, patternProperties = {} }: Schema, nowMs: number): object {
  const named = Object.entries(properties).map(([name, property]) => [name, exampleOf(property, nowMs, name)]);
  const anyName = Object.values(patternProperties)
    .filter((property) => Object.keys(property).length > 0)
    .map((property) => ['name', exampleOf(property, nowMs)]);
  return Object.fromEntries([...named, ...anyName]);
}

function numberExample({ type, minimum, maximum, exclusiveMinimum }: Schema): number {
  const lowest = minimum ?? (exclusiveMinimum === undefined ? 0 : exclusiveMinimum + 1);
  const wanted = type === 'integer' ? Math.ceil(Math.max(lowest, 1)) : Math.max(lowest, 1);
  return maximum === undefined ? wanted : Math.min(wanted, maximum);
}

const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-18',
  email: 'ada@example.org',
  uuid: '3f0e2c1a-8b7d-4c65-9a42-1d6f5e0b7c88',
};

/** A time is known by its format, or where clients may leave out the zone, by its description. */
function isTime({ format, description = '' }: Schema): boolean {
  return format === 'date-time' || description.startsWith('ISO 8601');
}

function stringExample(schema: Schema, nowMs: number, name: string): string {
  const { format, minLength = 0, maxLength } = schema;
  if (isTime(schema)) return isoSeconds(name.startsWith('start') ? nowMs - HOUR_MS : nowMs);
  if (format && FORMATS[format]) return FORMATS[format];
  // Where a value is described in words, the first one in quotes is one that is taken.
  const quoted = /"([^"]+)"/.exec(schema['x-expected'] ?? '')?.[1];
  if (quoted) return quoted;
  const text = (name || 'text').padEnd(minLength, 'x');
  return maxLength === undefined ? text : text.slice(0, maxLength);
}

function isoSeconds(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}
