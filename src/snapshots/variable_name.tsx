/** A variable in a list. */

import type React from 'react';

import { shortType } from './words';

/** Its name and its type; both are whole in the tooltips. */
export function VariableName(props: {
  readonly name: string;
  readonly type: string;
}): React.JSX.Element {
  return (
    <span className="mlnb-Row-title">
      <code title={props.name}>{props.name}</code>{' '}
      <span className="mlnb-Secondary" title={props.type}>
        {shortType(props.type)}
      </span>
    </span>
  );
}
