import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { jsonValidator, parseQuery, textValidator } from '../../src/http/validate.ts';

describe('jsonValidator', () => {
  const validate = jsonValidator(
    Type.Object(
      {
        name: Type.String({ minLength: 1 }),
        rules: Type.Optional(Type.Array(Type.Object({ level: Type.Integer({ maximum: 3 }) }))),
        labels: Type.Optional(Type.Record(Type.String(), Type.String())),
        when: Type.Optional(Type.Union([Type.Object({ at: Type.Integer() }), Type.Literal('now')])),
      },
      { additionalProperties: false },
    ),
  );
  const problemsOf = (value: unknown) => {
    const result = validate(value);
    return 'problems' in result ? result.problems.map(({ field, expected }) => `${field}: ${expected}`) : [];
  };

  test.each([
    [{ name: 'x' }, []],
    [{ name: 'x', rules: [{ level: 1 }], labels: { a: 'b' }, when: 'now' }, []],
    [{}, ['name: is required']],
    [{ name: '' }, ['name: must be a string of at least 1 characters']],
    [{ name: 'x', rules: [{ level: 1 }, { level: 4 }] }, ['rules.1.level: must be an integer of at most 3']],
    [{ name: 'x', rules: [{}] }, ['rules.0.level: is required']],
    [{ name: 'x', labels: { a: 1 } }, ['labels.a: must be a string']],
    [{ name: 'x', when: { at: 'noon' } }, ['when: must be one of an object, now']],
    [{ name: 'x', other: 1 }, ['other: is not a known field']],
    ['x', ['body: must be a JSON object']],
    [[], ['body: must be a JSON object']],
  ])('%j', (value, problems) => {
    expect(problemsOf(value)).toEqual(problems);
  });

  test('names ten fields at most', () => {
    const names = Array.from({ length: 30 }, (_, index) => `field${index}`);
    const many = jsonValidator(Type.Object(Object.fromEntries(names.map((name) => [name, Type.String()]))));
    expect(many({})).toMatchObject({ problems: { length: 10 } });
  });
});

describe('textValidator', () => {
  const validate = textValidator(
    Type.Object({
      count: Type.Integer(),
      ratio: Type.Optional(Type.Number()),
      constructor: Type.Optional(Type.String()),
    }),
  );

  test.each([
    ['count=-3', { count: -3 }],
    ['count=0&ratio=-0.5', { count: 0, ratio: -0.5 }],
    ['count=1&ratio=1.5e-3', { count: 1, ratio: 0.0015 }],
    ['count=1&&unknown=%41&unknown=2', { count: 1 }],
    ['count=1&constructor=x', { count: 1, constructor: 'x' }],
    ['count=1&__proto__=x', { count: 1 }],
  ])('%s', (query, value) => {
    expect(validate(parseQuery(query))).toEqual({ value });
  });

  test.each([
    '',
    'Count=1',
    'count=1.5',
    'count=1&ratio=.5',
    'count=1&ratio=0x1',
    'count=1&ratio=1e9999',
    'count=1&ratio=',
  ])('%j is refused', (query) => {
    expect(validate(parseQuery(query))).toHaveProperty('problems');
  });
});
