import type { Operation, Parameter } from './document.ts';
import { exampleOf, smallestExample } from './example.ts';

/** What a person fills in before a request is sent. */
export interface Inputs {
  /** By parameter; an empty text is left out. */
  values: Readonly<Record<string, string>>;
  body: string;
}

export interface Composed {
  method: string;
  /** Path and query. */
  address: string;
  body: string | null;
}

/** Examples for what is required; everything else stays out until somebody wants it. */
export function firstInputs({ parameters, body }: Operation, nowMs: number): Inputs {
  const entries = parameters.map((parameter) => [parameter.name, parameter.required ? first(parameter, nowMs) : '']);
  return {
    values: Object.fromEntries(entries),
    body: body ? JSON.stringify(smallestExample(body, nowMs), null, 2) : '',
  };
}

function first({ name, schema, description = '' }: Parameter, nowMs: number): string {
  return String(exampleOf({ ...schema, description }, nowMs, name));
}

export function compose(operation: Operation, { values, body }: Inputs): Composed {
  const query = new URLSearchParams();
  let path = operation.path;
  for (const { name, in: place } of operation.parameters) {
    const value = values[name] ?? '';
    if (place === 'path') path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value !== '') query.set(name, value);
  }
  const text = query.toString();
  return {
    method: operation.method,
    address: text ? `${path}?${text}` : path,
    body: operation.body ? body : null,
  };
}

/** The same request for a shell; the token is the shell's variable `TOKEN`, so that it can be pasted anywhere. */
export function curlOf({ method, address, body }: Composed, needsToken: boolean, origin: string): string {
  const parts = ['curl'];
  if (method !== 'GET') parts.push(`-X ${method}`);
  if (needsToken) parts.push('-H "Authorization: Bearer $TOKEN"');
  if (body !== null) parts.push(`-H 'Content-Type: application/json' -d ${quoted(compact(body))}`);
  parts.push(quoted(origin + address));
  return parts.join(' ');
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** On one line, if it is JSON. */
function compact(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return body;
  }
}
