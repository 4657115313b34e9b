import type { Schema } from './schema.ts';

/** `/api/openapi.json`, as much as the page reads of it. */
export interface ApiDocument {
  info: { title: string; version: string };
  paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
}

interface Content {
  'application/json'?: { schema?: Schema };
}

interface DescribedOperation {
  summary?: string;
  description?: string;
  tags?: readonly string[];
  security?: readonly object[];
  parameters?: readonly Parameter[];
  requestBody?: { content?: Content };
  responses?: Readonly<Record<string, { description?: string; content?: Content }>>;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query';
  required: boolean;
  description?: string;
  schema: Schema;
}

export interface Answer {
  status: string;
  description: string;
  schema: Schema | null;
}

export interface Operation {
  /** Of the address that leads to it: `get-api-config`. */
  id: string;
  method: string;
  path: string;
  summary: string;
  description: string | null;
  tag: string;
  needsToken: boolean;
  /** A WebSocket: a plain request gets nowhere. */
  isSocket: boolean;
  parameters: readonly Parameter[];
  body: Schema | null;
  answers: readonly Answer[];
}

export interface Group {
  tag: string;
  operations: readonly Operation[];
}

const UNTAGGED = 'other';
const SOCKET_PREFIX = 'WebSocket: ';

/** The operations by tag, in the description's own order. */
export function groupsOf({ paths }: ApiDocument): Group[] {
  const groups = new Map<string, Operation[]>();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, described] of Object.entries(operations)) {
      const operation = operationOf(path, method, described);
      groups.set(operation.tag, [...(groups.get(operation.tag) ?? []), operation]);
    }
  }
  return Array.from(groups, ([tag, operations]) => ({ tag, operations }));
}

function operationOf(path: string, method: string, described: DescribedOperation): Operation {
  const { summary = '', description = null, tags, security = [], parameters = [], requestBody } = described;
  const responses = Object.entries(described.responses ?? {});
  return {
    id: `${method}${path.replace(/[^A-Za-z0-9_.]+/g, '-')}`.replace(/-$/, ''),
    method: method.toUpperCase(),
    path,
    summary: summary.startsWith(SOCKET_PREFIX) ? summary.slice(SOCKET_PREFIX.length) : summary,
    description,
    tag: tags?.[0] ?? UNTAGGED,
    needsToken: security.length > 0,
    isSocket: responses.some(([status]) => status === '101'),
    parameters,
    body: schemaIn(requestBody?.content),
    answers: responses.map(([status, answer]) => ({
      status,
      description: answer.description ?? '',
      schema: schemaIn(answer.content),
    })),
  };
}

function schemaIn(content: Content | undefined): Schema | null {
  return content?.['application/json']?.schema ?? null;
}

/** The groups with those operations alone in which every word of `text` occurs: in path, method, tag, summary or a parameter. */
export function filterGroups(groups: readonly Group[], text: string): Group[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return groups
    .map(({ tag, operations }) => ({ tag, operations: operations.filter((operation) => matches(operation, words)) }))
    .filter(({ operations }) => operations.length > 0);
}

function matches(operation: Operation, words: readonly string[]): boolean {
  const { method, path, tag, summary, description, parameters, isSocket } = operation;
  const names = parameters.map(({ name }) => name);
  const kind = isSocket ? 'websocket' : '';
  const text = [method, path, tag, summary, description, kind, ...names].join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
}
