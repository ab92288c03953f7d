import { describe, expect, it } from 'vitest';

import type { Parameter } from '../../api/types';
import { readForm, typedDefault, valueFromTyped } from '../parameters';

function parameter(name: string, type: string, value: unknown): Parameter {
  return { name, type, default: value, help: '', is_annotated: false };
}

describe('what is typed into a form', () => {
  it.each([
    ['int', ' 12 ', 12],
    ['int', '1.5', undefined],
    ['int', '', undefined],
    ['float', '1e-3', 0.001],
    ['float', 'much', undefined],
    ['str', ' as it is ', ' as it is '],
    ['list', '[1, 2]', [1, 2]],
    ['list', '{"a": 1}', undefined],
    ['dict', '{"a": 1}', { a: 1 }],
    ['dict', '[1]', undefined],
    ['any', '3', 3],
    ['any', 'three', 'three'],
    ['bool', true, true]
  ])('is read as %s: %j', (type, typed, value) => {
    expect(valueFromTyped(type, typed)).toEqual(value);
  });

  it('is left out where nothing was changed, so that the default of the notebook holds', () => {
    const parameters = [
      parameter('n', 'int', 100),
      parameter('path', 'str', null),
      parameter('deep', 'bool', true)
    ];
    expect(readForm(parameters, {})).toEqual({ values: {}, wrong: [] });
    expect(readForm(parameters, { n: '200', deep: false })).toEqual({
      values: { n: 200, deep: false },
      wrong: []
    });
  });

  it('is named when it is wrong', () => {
    expect(readForm([parameter('n', 'int', 1)], { n: 'one' }).wrong).toEqual(['n']);
  });

  it('begins with the default', () => {
    expect(typedDefault(parameter('n', 'int', 1))).toBe('1');
    expect(typedDefault(parameter('names', 'list', ['a']))).toBe('["a"]');
    expect(typedDefault(parameter('unknown', 'str', null))).toBe('');
  });
});
