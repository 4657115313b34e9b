import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { filterGroups, groupsOf } from '../../../src/web/docs/document.ts';
import { exampleOf } from '../../../src/web/docs/example.ts';
import { compose, curlOf, firstInputs } from '../../../src/web/docs/request.ts';

const NOW_MS = Date.UTC(2026, 0, 18, 10, 0, 0, 500);

const DESCRIPTION = {
  info: { title: 'Tacho', version: '1.2.3' },
  paths: {
    '/api/things/{id}': {
      get: {
        summary: 'One thing',
        tags: ['things'],
        security: [{ bearer: [] }],
        parameters: [
          { name: 'id', in: 'path' as const, required: true, schema: { type: 'string' } },
          { name: 'limit', in: 'query' as const, required: false, schema: { type: 'integer' } },
          {
            name: 'start_time',
            in: 'query' as const,
            required: true,
            description: 'ISO 8601; inclusive',
            schema: { type: 'string', maxLength: 64 },
          },
        ],
        responses: { 200: { description: 'OK', content: { 'application/json': { schema: { type: 'object' } } } } },
      },
      put: {
        summary: 'Change it',
        tags: ['things'],
        security: [],
        requestBody: {
          content: {
            'application/json': {
              schema: {
                type: 'object',
                properties: { name: { type: 'string' }, kept_days: { type: 'integer', minimum: 1 } },
                required: ['name'],
              },
            },
          },
        },
        responses: { 204: { description: 'Changed' } },
      },
    },
    '/api/ws/things': { get: { summary: 'WebSocket: Things', responses: { 101: { description: 'Switched' } } } },
  },
};
const groups = groupsOf(DESCRIPTION);
const [get, put] = groups[0]!.operations as [(typeof groups)[0]['operations'][0], (typeof groups)[0]['operations'][0]];
const socket = groups[1]!.operations[0]!;

test('operations are grouped by tag, and have addresses of their own', () => {
  expect(groups.map(({ tag, operations }) => [tag, operations.map(({ id }) => id)])).toEqual([
    ['things', ['get-api-things-id', 'put-api-things-id']],
    ['other', ['get-api-ws-things']],
  ]);
  expect([get.needsToken, put.needsToken, get.isSocket, socket.isSocket]).toEqual([true, false, false, true]);
  expect(socket.summary).toBe('Things');
  expect(put.answers).toEqual([{ status: '204', description: 'Changed', schema: null }]);
});

test.each([
  ['', 3],
  ['things put', 1],
  ['LIMIT', 1],
  ['websocket', 1],
  ['nothing of the kind', 0],
])('filter %j leaves %i operations', (text, expected) => {
  expect(filterGroups(groups, text).flatMap(({ operations }) => operations)).toHaveLength(expected);
});

test('a request starts from what is required alone, so that sending it changes nothing else', () => {
  expect(compose(get, firstInputs(get, NOW_MS)).address).toBe('/api/things/id?start_time=2026-01-18T09%3A00%3A00Z');
  expect(JSON.parse(firstInputs(put, NOW_MS).body)).toEqual({ name: 'name' });
});

test('values are put into path and query, encoded', () => {
  const values = { id: 'a/b c', limit: '5', start_time: '' };
  expect(compose(get, { values, body: '' })).toEqual({
    method: 'GET',
    address: '/api/things/a%2Fb%20c?limit=5',
    body: null,
  });
});

test('a curl command survives the shell, and holds no token', () => {
  const request = { method: 'PUT', address: "/api/things/it's?a=b&c=$HOME", body: '{\n  "name": "it\'s $(id) `x`"\n}' };
  const command = curlOf(request, true, 'http://127.0.0.1:8000');
  expect(command).toContain('$TOKEN');
  const printed = execFileSync('sh', ['-c', command.replace(/^curl/, "printf '%s\\n'")], { env: { TOKEN: 'secret' } });
  expect(printed.toString().split('\n').slice(0, -1)).toEqual([
    '-X',
    'PUT',
    '-H',
    'Authorization: Bearer secret',
    '-H',
    'Content-Type: application/json',
    '-d',
    '{"name":"it\'s $(id) `x`"}',
    "http://127.0.0.1:8000/api/things/it's?a=b&c=$HOME",
  ]);
});

test.each([
  [{ type: 'integer', minimum: 10 }, 10],
  [{ type: 'integer', maximum: 0 }, 0],
  [{ type: 'number', minimum: 0.5, maximum: 0.7 }, 0.7],
  [{ type: 'string', minLength: 6 }, 'textxx'],
  [{ type: 'string', maxLength: 2 }, 'te'],
  [{ type: 'string', format: 'date-time' }, '2026-01-18T10:00:00Z'],
  [{ type: 'string', 'x-expected': '"all" or a list of CPUs' }, 'all'],
  [{ type: 'string', default: 'auto' }, 'auto'],
  [{ enum: ['5s', '1m'] }, '5s'],
  [{ const: 'x' }, 'x'],
  [{ anyOf: [{ type: 'null' }, { type: 'boolean' }] }, true],
  [{ type: 'array', items: { type: 'boolean' } }, [true]],
  [{ type: 'object', patternProperties: { '^.*$': { type: 'integer' } } }, { name: 1 }],
])('the example of %j fits it', (schema, example) => {
  expect(exampleOf(schema, NOW_MS)).toEqual(example);
});
