/** One cell in the picture of the dependency graph. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';

import { TextWithCode } from '../ui/components';
import type { GraphIndex, IGraphNode } from './graph';
import type { Relation } from './graph_relations';
import { nodeReason, nodeStateText, nodeText, someNames } from './graph_words';
import { stateIcon } from './state_icons';

/** The icon of a cell's state; its meaning stands beside it in words. */
export function NodeIcon({ node }: { readonly node: IGraphNode }): React.JSX.Element {
  const Icon = stateIcon(node).react;
  return <Icon tag="span" className="mlnb-StateIcon" width="14px" height="14px" />;
}

/** A row of the listbox; the keyboard is handled there. */
export function GraphCell(props: {
  readonly id: string;
  readonly node: IGraphNode;
  readonly index: GraphIndex;
  readonly relation: Relation;
  /** The names that join it to the chosen cell, when an edge does. */
  readonly shared: readonly string[];
  readonly height: number;
  readonly trans: TranslationBundle;
  readonly onChoose: () => void;
  readonly onGo: () => void;
}): React.JSX.Element {
  const { node, relation, shared, trans } = props;
  const state = nodeStateText(node, trans);
  return (
    <div
      id={props.id}
      className={`mlnb-GraphCell mlnb-mod-${node.state.replace('_', '-')} mlnb-mod-${relation}`}
      style={{ height: props.height }}
      role="option"
      aria-selected={relation === 'self'}
      aria-label={nodeText(node, props.index, trans)}
      title={nodeReason(node, trans).replaceAll('`', '')}
      onClick={props.onChoose}
      onDoubleClick={props.onGo}
    >
      <div className="mlnb-GraphCell-box">
        <span className="mlnb-GraphCell-number">{node.number}</span>
        <NodeIcon node={node} />
        <span className="mlnb-GraphCell-text">
          <code className="mlnb-GraphCell-title">{node.title}</code>
          <span className="mlnb-GraphCell-detail">
            <Detail node={node} trans={trans} />
          </span>
        </span>
        {shared.length > 0 && (
          <span className="mlnb-GraphCell-shared">
            {relation === 'up'
              ? trans.__('gives %1', someNames(shared, 3, trans))
              : trans.__('reads %1', someNames(shared, 3, trans))}
          </span>
        )}
        <span className="mlnb-GraphCell-state">{state}</span>
      </div>
    </div>
  );
}

/** Why it is not fresh, else what it sets. */
function Detail(props: {
  readonly node: IGraphNode;
  readonly trans: TranslationBundle;
}): React.JSX.Element | null {
  const { node, trans } = props;
  const reason =
    node.state === 'fresh' || node.state === 'never_run' ? '' : nodeReason(node, trans);
  if (reason) {
    return <TextWithCode text={reason} />;
  }
  if (node.defs.length === 0) {
    return null;
  }
  return <>{trans.__('sets %1', someNames(node.defs, 6, trans))}</>;
}
