/** The line below the dependency graph: what is known of the chosen cell, with a way to each cell it is joined to. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';
import { Fragment } from 'react';

import { Button, TextWithCode } from '../ui/components';
import type { Direction, IGraphNode, IGroup } from './graph';
import { NodeIcon } from './graph_cell';
import type { GraphModel } from './graph_model';
import type { IGraphPart } from './graph_words';
import { nodeReason, nodeStateText } from './graph_words';

/** About the chosen cell, or how to choose one. */
export function GraphDetails({ model, trans }: IGraphPart): React.JSX.Element | null {
  const { selected } = model;
  if (!selected) {
    return model.look === 'table' ? null : (
      <p className="mlnb-Graph-details mlnb-mod-hint">
        {trans.__(
          'Arrow keys choose a cell; left and right, or u and d, follow its lines up to what it reads and down to what reads it. Enter goes to the cell.'
        )}
      </p>
    );
  }
  const reason = nodeReason(selected, trans);
  const state = nodeStateText(selected, trans);
  return (
    <section className="mlnb-Graph-details" aria-label={trans.__('About cell %1', selected.number)}>
      <div className="mlnb-Graph-chosen">
        <strong>{trans.__('Cell %1', selected.number)}</strong>
        <NodeIcon node={selected} />
        <span className="mlnb-Graph-reason">
          {state}
          {reason && reason !== state && (
            <>
              {': '}
              <TextWithCode text={reason} />
            </>
          )}
        </span>
        <Button
          label={trans.__('Go to cell')}
          onClick={() => {
            model.reveal(selected.id, true);
          }}
        />
      </div>
      <dl>
        <Links direction="up" node={selected} model={model} trans={trans} />
        <div>
          <dt>{trans.__('Sets')}</dt>
          <dd>
            {selected.defs.length === 0 ? (
              trans.__('nothing that has a name')
            ) : (
              <NameList names={selected.defs} />
            )}
          </dd>
        </div>
        <Links direction="down" node={selected} model={model} trans={trans} />
      </dl>
    </section>
  );
}

function Links(props: {
  readonly direction: Direction;
  readonly node: IGraphNode;
  readonly model: GraphModel;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const { direction, node, model, trans } = props;
  const groups = model.index.groups(node.id, direction);
  const further =
    model.index.reach(node.id, direction).size - groups.flatMap(({ cells }) => cells).length;
  return (
    <div>
      <dt>{direction === 'up' ? trans.__('Reads') : trans.__('Read by')}</dt>
      <dd>
        {groups.length === 0 &&
          (direction === 'up' ? trans.__('nothing from other cells') : trans.__('no other cell'))}
        <Groups {...props} groups={groups} />
        {further > 0 && (
          <span className="mlnb-Secondary">
            {direction === 'up'
              ? trans._n('and through them %1 more cell', 'and through them %1 more cells', further)
              : trans._n('and by them %1 more cell', 'and by them %1 more cells', further)}
          </span>
        )}
      </dd>
    </div>
  );
}

/** Names with the cells that they come from or go to. */
export function Groups(props: {
  readonly groups: readonly IGroup[];
  readonly direction: Direction;
  readonly model: GraphModel;
  readonly trans: TranslationBundle;
  readonly onChosen?: (id: string) => void;
}): React.JSX.Element {
  const { groups, direction, model, trans, onChosen } = props;
  return (
    <>
      {groups.map(({ names, cells }) => (
        <span key={cells[0]?.id} className="mlnb-Graph-end">
          <NameList names={names} />
          <span aria-hidden="true">{direction === 'up' ? ' ← ' : ' → '}</span>
          {cells.map((end, at) => (
            <Fragment key={end.id}>
              <span className="mlnb-Graph-one">
                <CellLink
                  node={end}
                  model={model}
                  trans={trans}
                  isShort={at > 0}
                  onChosen={() => onChosen?.(end.id)}
                />
                {at < cells.length - 1 && ','}
              </span>{' '}
            </Fragment>
          ))}
        </span>
      ))}
    </>
  );
}

/** Names, as code. */
export function NameList(props: { readonly names: readonly string[] }): React.JSX.Element {
  return (
    <>
      {props.names.map((name, at) => (
        <span key={name}>
          {at > 0 && ', '}
          <code>{name}</code>
        </span>
      ))}
    </>
  );
}

/** A cell's number that chooses the cell. */
function CellLink(props: {
  readonly node: IGraphNode;
  readonly model: GraphModel;
  readonly trans: TranslationBundle;
  /** Whether only the number is shown, because the word stands before it. */
  readonly isShort: boolean;
  readonly onChosen: () => void;
}): React.JSX.Element {
  const { node, model, trans } = props;
  const label = trans.__('cell %1', node.number);
  return (
    <button
      type="button"
      className="mlnb-Link-button"
      title={node.title}
      aria-label={label}
      onClick={() => {
        model.select(node.id);
        props.onChosen();
      }}
    >
      {props.isShort ? node.number : label}
    </button>
  );
}
