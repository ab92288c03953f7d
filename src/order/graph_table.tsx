/** The dependency graph as a table. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';
import { useId, useState } from 'react';

import { TextWithCode } from '../ui/components';
import type { Direction, IGraphNode } from './graph';
import { NodeIcon } from './graph_cell';
import { Groups, NameList } from './graph_details';
import type { GraphModel } from './graph_model';
import type { Column, ISorting } from './graph_sort';
import { sortedNodes, sortingBy } from './graph_sort';
import type { IGraphPart } from './graph_words';
import { nodeReason, nodeStateText } from './graph_words';

const COLUMNS: readonly Column[] = ['cell', 'state', 'reads', 'sets', 'read_by'];

/** One row for each cell; the heads sort. */
export function GraphTable({ model, trans }: IGraphPart): React.JSX.Element {
  const [sorting, setSorting] = useState<ISorting>({ column: 'cell', isDescending: false });
  const prefix = useId();
  const goTo = (id: string): void => {
    document.getElementById(`${prefix}${id}`)?.focus();
  };
  return (
    <div className="mlnb-Graph-scroller mlnb-mod-table">
      <table className="mlnb-Table mlnb-Graph-table">
        <caption>{trans.__('What each cell reads and sets')}</caption>
        <thead>
          <tr>
            {COLUMNS.map(column => (
              <Head
                key={column}
                column={column}
                sorting={sorting}
                trans={trans}
                onSort={() => {
                  setSorting(sortingBy(column, sorting));
                }}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {sortedNodes(model.shown.nodes, model.index, sorting).map(node => (
            <Row key={node.id} {...{ node, model, trans, goTo }} id={`${prefix}${node.id}`} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Head(props: {
  readonly column: Column;
  readonly sorting: ISorting;
  readonly trans: TranslationBundle;
  readonly onSort: () => void;
}): React.JSX.Element {
  const { column, sorting, trans } = props;
  const order = sorting.isDescending ? 'descending' : 'ascending';
  const isSorted = sorting.column === column;
  return (
    <th scope="col" aria-sort={isSorted ? order : 'none'}>
      <button type="button" onClick={props.onSort}>
        {columnText(column, trans)}
        <span className="mlnb-Graph-sort" aria-hidden="true">
          {isSorted ? (sorting.isDescending ? '▼' : '▲') : ''}
        </span>
      </button>
    </th>
  );
}

function Row(props: {
  readonly id: string;
  readonly node: IGraphNode;
  readonly model: GraphModel;
  readonly trans: TranslationBundle;
  readonly goTo: (id: string) => void;
}): React.JSX.Element {
  const { node, model, trans } = props;
  const state = nodeStateText(node, trans);
  const reason = nodeReason(node, trans);
  return (
    <tr className={node.id === model.selected?.id ? 'mlnb-mod-chosen' : ''}>
      <th scope="row">
        <button
          type="button"
          id={props.id}
          className="mlnb-Graph-go"
          title={trans.__('Go to cell %1', node.number)}
          onFocus={() => {
            model.select(node.id);
          }}
          onClick={() => {
            model.reveal(node.id, true);
          }}
        >
          <span className="mlnb-GraphCell-number">{node.number}</span> <code>{node.title}</code>
        </button>
      </th>
      <td>
        <span className="mlnb-Note">
          <NodeIcon node={node} />
          {state}
        </span>
        {reason && reason !== state && node.state !== 'never_run' && (
          <span className="mlnb-Secondary">
            <TextWithCode text={reason} />
          </span>
        )}
      </td>
      <Links {...props} direction="up" />
      <td>
        <NameList names={node.defs} />
      </td>
      <Links {...props} direction="down" />
    </tr>
  );
}

function Links(props: {
  readonly direction: Direction;
  readonly node: IGraphNode;
  readonly model: GraphModel;
  readonly trans: TranslationBundle;
  readonly goTo: (id: string) => void;
}): React.JSX.Element {
  const { direction, node, model, trans, goTo } = props;
  return (
    <td>
      <Groups
        groups={model.index.groups(node.id, direction)}
        direction={direction}
        model={model}
        trans={trans}
        onChosen={goTo}
      />
    </td>
  );
}

function columnText(column: Column, trans: TranslationBundle): string {
  switch (column) {
    case 'cell':
      return trans.__('Cell');
    case 'state':
      return trans.__('State');
    case 'reads':
      return trans.__('Reads');
    case 'sets':
      return trans.__('Sets');
    case 'read_by':
      return trans.__('Read by');
  }
}
