/** Requests against TypeBox schemas: text becomes numbers and booleans strictly, and what is wrong is said by field. */
import type { TObject, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import { HttpError, type Problem } from './errors.ts';
import { expectationOf, keywordsOf } from './expectation.ts';

/** How many wrong fields an answer names, in the dialects that name more than the first. */
const MAX_PROBLEMS = 10;
/** How much of a bad value an answer repeats. */
const MAX_SHOWN_LENGTH = 40;

/** The value, or what is wrong with it. */
export type Validated = { value: unknown } | { problems: Problem[] };

/** Checks a JSON value. */
export type JsonValidator = (value: unknown) => Validated;
/** Reads parameters that came as text; unknown ones are ignored. */
export type TextValidator = (parameters: TextParameters) => Validated;

export interface TextParameters {
  values: ReadonlyMap<string, string>;
  /** Names that were given more than once. */
  repeated: ReadonlySet<string>;
}

export function jsonValidator(schema: TSchema): JsonValidator {
  const compiled = Compile(schema);
  return (value) => {
    if (compiled.Check(value)) return { value };
    return { problems: problemsOf(schema, compiled.Errors(value), 'body') };
  };
}

export function textValidator(schema: TObject): TextValidator {
  const compiled = Compile(schema);
  const parameters = Object.entries<TSchema>(schema.properties).map(([name, property]) => ({
    name,
    read: readerOf(property),
    fallback: keywordsOf(property)['default'],
  }));
  return ({ values, repeated }) => {
    for (const { name } of parameters) {
      if (repeated.has(name)) return { problems: [{ field: name, missing: false, expected: 'must be given once' }] };
    }
    const value: Record<string, unknown> = {};
    for (const { name, read, fallback } of parameters) {
      const text = values.get(name);
      if (text !== undefined) value[name] = read(text);
      else if (fallback !== undefined) value[name] = fallback;
    }
    if (compiled.Check(value)) return { value };
    const problems = problemsOf(schema, compiled.Errors(value), 'query');
    return { problems: problems.map((problem) => withValue(problem, values.get(problem.field))) };
  };
}

const INTEGER = /^-?(?:0|[1-9]\d{0,15})$/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;

/** Text that does not read as the wanted type stays text, and so fails the check. */
function readerOf(schema: TSchema): (text: string) => unknown {
  const keywords = keywordsOf(schema);
  const branches = Array.isArray(keywords['anyOf']) ? (keywords['anyOf'] as TSchema[]) : [schema];
  const types = new Set(branches.map((branch) => keywordsOf(branch)['type']));
  return (text) => {
    if (types.has('integer') && INTEGER.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
    if (types.has('number') && NUMBER.test(text) && Number.isFinite(Number(text))) return Number(text);
    if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true';
    return text;
  };
}

function withValue(problem: Problem, value: string | undefined): Problem {
  if (problem.missing || value === undefined) return problem;
  const shown = value.length > MAX_SHOWN_LENGTH ? `${value.slice(0, MAX_SHOWN_LENGTH)}…` : value;
  return { ...problem, expected: `${problem.expected}, not ${JSON.stringify(shown)}` };
}

function problemsOf(schema: TSchema, errors: readonly TLocalizedValidationError[], whole: string): Problem[] {
  const problems = new Map<string, Problem>();
  // Errors inside a union's branches say less than the union itself, whose error has the shortest path.
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => `${instancePath}/`);
  for (const error of errors) {
    if (unions.some((path) => error.instancePath.startsWith(path))) continue;
    for (const problem of problemsOfError(schema, error, whole)) {
      if (!problems.has(problem.field)) problems.set(problem.field, problem);
    }
  }
  return [...problems.values()].slice(0, MAX_PROBLEMS);
}

function problemsOfError(schema: TSchema, error: TLocalizedValidationError, whole: string): Problem[] {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer);
  const fieldOf = (name: string) => [...path, name].join('.');
  if (error.keyword === 'required') {
    return error.params.requiredProperties.map((name) => ({
      field: fieldOf(name),
      missing: true,
      expected: 'is required',
    }));
  }
  // `additionalProperties: false` says it twice: of the object, and (`boolean`) of each property that it does not know.
  if (error.keyword === 'additionalProperties') return [];
  if (path.length === 0) {
    const object = keywordsOf(schema)['type'] === 'object';
    return [{ field: whole, missing: false, expected: object ? 'must be a JSON object' : expectationOf(schema) }];
  }
  const field = path.map((name) => name.slice(0, MAX_SHOWN_LENGTH)).join('.');
  if (error.keyword === 'boolean') return [{ field, missing: false, expected: 'is not a known field' }];
  const found = schemaAt(schema, path);
  return [{ field, missing: false, expected: found ? expectationOf(found) : error.message }];
}

function schemaAt(schema: TSchema, path: readonly string[]): TSchema | null {
  let current: TSchema | undefined = schema;
  for (const name of path) {
    const { properties, items, additionalProperties, patternProperties } = keywordsOf(current) as {
      properties?: Record<string, TSchema>;
      items?: TSchema;
      additionalProperties?: TSchema | boolean;
      patternProperties?: Record<string, TSchema>;
    };
    const other =
      typeof additionalProperties === 'object' ? additionalProperties : Object.values(patternProperties ?? {})[0];
    current = (properties && Object.hasOwn(properties, name) ? properties[name] : undefined) ?? items ?? other;
    if (current === undefined) return null;
  }
  return current;
}

function unescapePointer(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** @throws HttpError 400 for text that is not percent-encoded UTF-8 */
export function parseQuery(query: string): TextParameters {
  const values = new Map<string, string>();
  const repeated = new Set<string>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodeText(equals < 0 ? pair : pair.slice(0, equals), 'query');
    const value = equals < 0 ? '' : decodeText(pair.slice(equals + 1), name);
    if (values.has(name)) repeated.add(name);
    else values.set(name, value);
  }
  return { values, repeated };
}

function decodeText(text: string, field: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    const shown = field.slice(0, MAX_SHOWN_LENGTH);
    throw new HttpError(400, `${shown}: must be percent-encoded UTF-8`, { field: shown, cause: error });
  }
}
