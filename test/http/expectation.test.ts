import Type from 'typebox';
import { expect, test } from 'vitest';
import { expectationOf } from '../../src/http/expectation.ts';

test.each([
  [Type.Integer(), 'must be an integer'],
  [Type.Integer({ minimum: 1 }), 'must be an integer of at least 1'],
  [Type.Integer({ maximum: 9 }), 'must be an integer of at most 9'],
  [Type.Number({ exclusiveMinimum: 0 }), 'must be a number of more than 0'],
  [
    Type.Number({ minimum: 0.001, maximum: 3600, multipleOf: 0.001 }),
    'must be a number from 0.001 to 3600 in steps of 0.001',
  ],
  [Type.Boolean(), 'must be true or false'],
  [Type.String(), 'must be a string'],
  [Type.String({ maxLength: 5 }), 'must be a string of at most 5 characters'],
  [Type.String({ minLength: 5 }), 'must be a string of at least 5 characters'],
  [Type.String({ pattern: '^a' }), 'must be a string that matches ^a'],
  [Type.String({ pattern: '^a', 'x-expected': 'a word with a' }), 'must be a word with a'],
  [
    Type.String({ format: 'date-time' }),
    'must be an ISO 8601 date-time with a time zone, for example 2025-01-18T10:00:00Z',
  ],
  [Type.Enum(['a', 'b']), 'must be one of a, b'],
  [Type.Literal('a'), 'must be a'],
  [Type.Union([Type.Integer({ minimum: 1 }), Type.Literal('all')]), 'must be one of an integer of at least 1, all'],
  [Type.Array(Type.String(), { minItems: 1 }), 'must be a list of at least 1 entries'],
  [Type.Object({}), 'must be an object'],
  [Type.Union([Type.String(), Type.Null()]), 'must be one of a string, null'],
  [Type.Unknown(), 'must be a valid value'],
])('%j', (schema, expected) => {
  expect(expectationOf(schema)).toBe(expected);
});
