/** As much of JSON Schema as the daemon's description uses. */
export interface Schema {
  type?: string;
  description?: string;
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly Schema[];
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  default?: unknown;
  properties?: Readonly<Record<string, Schema>>;
  patternProperties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  items?: Schema;
  /** What the value must be, in words, where the keywords don't say it. */
  'x-expected'?: string;
}

/** One line of a schema's tree. */
export interface SchemaRow {
  /** Null for what has no name: the whole body, a list's entry. */
  name: string | null;
  depth: number;
  type: string;
  limits: readonly string[];
  required: boolean;
  description: string | null;
}

/** `integer`, `list of string`, `string or null` */
export function typeOf(schema: Schema): string {
  if ('const' in schema) return 'constant';
  if (schema.enum) return 'one of';
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  if (schema.type === 'array') return schema.items ? `list of ${typeOf(schema.items)}` : 'list';
  if (schema.format) return schema.format;
  return schema.type ?? 'anything';
}

/** What else the schema asks for, and its default: `1 to 1000`, `at most 20 characters`, `default 10`. */
export function limitsOf(schema: Schema): string[] {
  const limits: string[] = [];
  if ('const' in schema) limits.push(JSON.stringify(schema.const));
  if (schema.enum) limits.push(schema.enum.map((value) => JSON.stringify(value)).join(', '));
  for (const branch of schema.anyOf ?? []) limits.push(...limitsOf(branch));
  limits.push(...(schema['x-expected'] ? [schema['x-expected']] : keywordLimits(schema)));
  if (schema.default !== undefined) limits.push(`default ${JSON.stringify(schema.default)}`);
  return limits;
}

function keywordLimits(schema: Schema): string[] {
  return [
    ...range(schema.minimum, schema.maximum, ''),
    ...(schema.exclusiveMinimum === undefined ? [] : [`more than ${schema.exclusiveMinimum}`]),
    ...(schema.exclusiveMaximum === undefined ? [] : [`less than ${schema.exclusiveMaximum}`]),
    ...(schema.multipleOf === undefined ? [] : [`steps of ${schema.multipleOf}`]),
    ...range(schema.minLength, schema.maxLength, ' characters'),
    ...range(schema.minItems, schema.maxItems, ' entries'),
    ...(schema.pattern === undefined ? [] : [`matches ${schema.pattern}`]),
  ];
}

function range(minimum: number | undefined, maximum: number | undefined, unit: string): string[] {
  if (minimum !== undefined && maximum !== undefined) return [`${minimum} to ${maximum}${unit}`];
  if (minimum !== undefined) return [`at least ${minimum}${unit}`];
  if (maximum !== undefined) return [`at most ${maximum}${unit}`];
  return [];
}

/** The schema and everything in it, from the outside in. */
export function schemaRows(schema: Schema): SchemaRow[] {
  const inner = innerRows(schema, 0);
  // An object's own line says nothing that its fields don't.
  return schema.properties && !schema.description ? inner : [rowOf(null, schema, 0, true), ...innerRows(schema, 1)];
}

function rowOf(name: string | null, schema: Schema, depth: number, required: boolean): SchemaRow {
  const { description = null } = schema;
  return { name, depth, type: typeOf(schema), limits: limitsOf(schema), required, description };
}

function innerRows(schema: Schema, depth: number): SchemaRow[] {
  const named = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => [
    rowOf(name, property, depth, schema.required?.includes(name) ?? false),
    ...innerRows(property, depth + 1),
  ]);
  const anyName = Object.values(schema.patternProperties ?? {})
    .filter((property) => Object.keys(property).length > 0)
    .flatMap((property) => [rowOf('<name>', property, depth, false), ...innerRows(property, depth + 1)]);
  const branches = [...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])];
  return [...named, ...anyName, ...branches.flatMap((branch) => innerRows(branch, depth))];
}
