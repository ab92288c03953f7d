/** A dependency-graph tab: its head, the graph or the table, and a line on the chosen cell. */

import type React from 'react';

import { Button, EmptyState, ErrorMessage } from '../ui/components';
import { GraphDetails } from './graph_details';
import type { LinkKind } from './graph';
import type { GraphLook } from './graph_model';
import { GraphPicture } from './graph_picture';
import { GraphTable } from './graph_table';
import type { IGraphPart } from './graph_words';
import { kindText, situationText } from './graph_words';
import { notFreshTexts } from './summary';

const LOOKS: readonly GraphLook[] = ['graph', 'table'];
const KINDS: readonly LinkKind[] = ['name', 'file', 'module', 'other'];

/** The whole tab. */
export function GraphView(props: IGraphPart & { readonly onOpen: () => void }): React.JSX.Element {
  const { model, trans } = props;
  return (
    <>
      <Head model={model} trans={trans} />
      {model.situation === 'ready' ? (
        <>
          {model.look === 'graph' ? (
            <GraphPicture model={model} trans={trans} />
          ) : (
            <GraphTable model={model} trans={trans} />
          )}
          <GraphDetails model={model} trans={trans} />
        </>
      ) : (
        <Instead {...props} />
      )}
    </>
  );
}

function Head({ model, trans }: IGraphPart): React.JSX.Element {
  const { graph } = model.index;
  const notFresh = notFreshTexts(model.notFresh, trans).join(', ');
  return (
    <div className="mlnb-Graph-head">
      <h1 title={model.path}>{trans.__('What depends on what in %1', baseName(model.path))}</h1>
      {graph.nodes.length > 0 && (
        <>
          <p className="mlnb-Graph-count" role="status">
            {[
              trans._n('%1 cell', '%1 cells', graph.nodes.length),
              trans._n('%1 link', '%1 links', graph.edges.length),
              notFresh || trans.__('all fresh')
            ].join(' · ')}
          </p>
          <div className="mlnb-Graph-controls">
            <LookSwitch model={model} trans={trans} />
            <label className="mlnb-Graph-filter">
              <input
                type="checkbox"
                checked={model.isOnlyNotFresh}
                onChange={event => {
                  model.showOnlyNotFresh(event.target.checked);
                }}
              />
              {trans.__('Only not fresh')}
            </label>
            {model.look === 'graph' && <Legend model={model} trans={trans} />}
          </div>
        </>
      )}
    </div>
  );
}

function LookSwitch({ model, trans }: IGraphPart): React.JSX.Element {
  return (
    <div className="mlnb-Looks" role="group" aria-label={trans.__('Show as')}>
      {LOOKS.map(look => (
        <button
          key={look}
          type="button"
          aria-pressed={model.look === look}
          onClick={() => {
            model.showAs(look);
          }}
        >
          {look === 'graph' ? trans.__('Graph') : trans.__('Table')}
        </button>
      ))}
    </div>
  );
}

/** What the kinds of lines mean, as far as there are any but the plain one. */
function Legend({ model, trans }: IGraphPart): React.JSX.Element | null {
  const { nodes, edges } = model.shown;
  const numbers = new Map(nodes.map(({ id, number }) => [id, number]));
  const kinds = KINDS.filter(kind => edges.some(edge => edge.kind === kind));
  const goesUp = edges.some(
    ({ source, target }) => (numbers.get(target) ?? 0) < (numbers.get(source) ?? 0)
  );
  if (!goesUp && kinds.every(kind => kind === 'name')) {
    return null;
  }
  return (
    <ul className="mlnb-Graph-legend" aria-label={trans.__('Lines')}>
      {kinds.map(kind => (
        <li key={kind}>
          <Sample className={`mlnb-mod-${kind}`} />
          {kindText(kind, trans)}
        </li>
      ))}
      {goesUp && (
        <li
          title={trans.__(
            'A cell reads what one further down sets; a run from top to bottom fails'
          )}
        >
          <Sample className="mlnb-mod-name mlnb-mod-backwards" />
          {trans.__('against the order, at the left')}
        </li>
      )}
    </ul>
  );
}

function Sample(props: { readonly className: string }): React.JSX.Element {
  return (
    <svg className="mlnb-Graph-sample" width="28" height="8" aria-hidden="true">
      <g className={`mlnb-Link ${props.className}`}>
        <path className="mlnb-Link-line" d="M0 4H28" />
      </g>
    </svg>
  );
}

/** What there is to see in place of a graph. */
function Instead(props: IGraphPart & { readonly onOpen: () => void }): React.JSX.Element {
  const { model, trans, onOpen } = props;
  const { situation, failure } = model;
  if (situation === 'failed' && failure) {
    return <ErrorMessage error={failure} trans={trans} onRetry={() => void model.retry()} />;
  }
  if (situation === 'closed') {
    return (
      <EmptyState
        text={situationText(situation, trans) ?? ''}
        action={{ label: trans.__('Open %1', baseName(model.path)), onClick: onOpen }}
      />
    );
  }
  return (
    <div className="mlnb-Empty" role="status">
      <p>{situationText(situation, trans)}</p>
      {situation === 'off' && model.offReason && <p>{model.offReason}</p>}
      {situation === 'all_fresh' && (
        <Button
          label={trans.__('Show all cells')}
          onClick={() => {
            model.showOnlyNotFresh(false);
          }}
        />
      )}
    </div>
  );
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
