/** From the parameters that a notebook declares to fields of a form, and back to values. */

import type { Parameter } from '../api/types';

/** What is typed into a form, before it is understood; a box is ticked or not. */
export type Typed = string | boolean;

/** What a parameter's field shows at first: its default where that is known. */
export function typedDefault({ type, default: value }: Parameter): Typed {
  if (type === 'bool') {
    return value === true;
  }
  if (value === null || value === undefined) {
    return '';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What came of reading a form: the values that differ from the defaults, and what is wrong by name. */
export interface IReadForm {
  readonly values: Readonly<Record<string, unknown>>;
  readonly wrong: readonly string[];
}

/** The values of a form. A field left as it was is left out, so that the notebook's own default holds. */
export function readForm(
  parameters: readonly Parameter[],
  typed: Readonly<Record<string, Typed>>
): IReadForm {
  const values: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const parameter of parameters) {
    const entered = typed[parameter.name] ?? typedDefault(parameter);
    if (entered === typedDefault(parameter)) {
      continue;
    }
    const value = valueFromTyped(parameter.type, entered);
    if (value === undefined) {
      wrong.push(parameter.name);
    } else {
      values[parameter.name] = value;
    }
  }
  return { values, wrong };
}

/** The value that was typed, or undefined when it is none of that type. */
export function valueFromTyped(type: string, typed: Typed): unknown {
  if (typeof typed === 'boolean' || type === 'str') {
    return typed;
  }
  const text = typed.trim();
  const number = text === '' ? NaN : Number(text);
  switch (type) {
    case 'int':
      return Number.isInteger(number) ? number : undefined;
    case 'float':
      return Number.isFinite(number) ? number : undefined;
    case 'list':
      return asJson(text, Array.isArray);
    case 'dict':
      return asJson(
        text,
        value => typeof value === 'object' && value !== null && !Array.isArray(value)
      );
    default:
      return asJson(text, () => true) ?? typed;
  }
}

function asJson(text: string, isWanted: (value: unknown) => boolean): unknown {
  try {
    const value = JSON.parse(text) as unknown;
    return isWanted(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
