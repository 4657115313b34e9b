import { expect, test } from 'vitest';
import { limitsOf, schemaRows, typeOf } from '../../../src/web/docs/schema.ts';

test.each([
  [{ type: 'integer', minimum: 1, maximum: 10, default: 5 }, 'integer', ['1 to 10', 'default 5']],
  [{ enum: ['5s', '1m'] }, 'one of', ['"5s", "1m"']],
  [{ const: 'bearer' }, 'constant', ['"bearer"']],
  [{ type: 'string', format: 'date-time' }, 'date-time', []],
  [{ anyOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }] }, 'string or null', ['at most 3 characters']],
  [{ type: 'array', items: { type: 'number' }, minItems: 2 }, 'list of number', ['at least 2 entries']],
  [{ type: 'string', pattern: '^a', 'x-expected': 'an a' }, 'string', ['an a']],
  [{ type: 'string', pattern: '^a' }, 'string', ['matches ^a']],
  [{ type: 'number', exclusiveMinimum: 0, multipleOf: 0.5 }, 'number', ['more than 0', 'steps of 0.5']],
  [{}, 'anything', []],
])('%j is told in words', (schema, type, limits) => {
  expect([typeOf(schema), limitsOf(schema)]).toEqual([type, limits]);
});

test('a tree goes into objects, lists, alternatives and named entries', () => {
  const inner = { type: 'object', properties: { value: { type: 'number' } }, required: ['value'] };
  const rows = schemaRows({
    type: 'object',
    properties: {
      list: { type: 'array', items: inner, description: 'Points' },
      either: { anyOf: [inner, { type: 'null' }] },
      map: { type: 'object', patternProperties: { '^.*$': { type: 'integer' } } },
    },
    required: ['list'],
  });
  expect(rows.map(({ name, depth, required }) => [name, depth, required])).toEqual([
    ['list', 0, true],
    ['value', 1, true],
    ['either', 0, false],
    ['value', 1, true],
    ['map', 0, false],
    ['<name>', 1, false],
  ]);
  expect(rows[0]).toMatchObject({ type: 'list of object', description: 'Points' });
});

test('a schema without fields has a line of its own', () => {
  expect(schemaRows({ type: 'string' })).toMatchObject([{ name: null, type: 'string' }]);
});
