/** How two states differ, in one view: cells, variables, packages, parameters, data, git. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';

import type { Diff } from '../../api/types';
import { Button, ErrorMessage } from '../../ui/components';
import { dateTime, sentence } from '../../ui/format';
import { CellChanges } from './cells';
import { DataChanges, Facts } from './facts';
import type { DiffModel, Layout } from './model';
import type { Kind } from './parts';
import { Section, tally } from './parts';
import { VariableChanges } from './variables';

interface IPart {
  readonly model: DiffModel;
  readonly trans: TranslationBundle;
  /** Offers other states to compare with. */
  readonly onOther: () => void;
}

type Part = Diff['compared'][number];

/** The whole tab. */
export function DiffView(props: IPart): React.JSX.Element {
  const { model, trans } = props;
  const { diff } = model;
  return (
    <>
      <header className="mlnb-Diff-head">
        <h1>{trans.__('What changed')}</h1>
        <Controls {...props} />
      </header>
      {model.error ? (
        <ErrorMessage error={model.error} trans={trans} onRetry={() => void model.refresh()} />
      ) : diff ? (
        <Found diff={diff} layout={model.layout} trans={trans} />
      ) : (
        <p className="mlnb-Loading" role="status">
          {trans.__('Comparing …')}
        </p>
      )}
    </>
  );
}

function Controls({ model, trans, onOther }: IPart): React.JSX.Element {
  const looks: readonly (readonly [Layout, string])[] = [
    ['unified', trans.__('Unified')],
    ['split', trans.__('Side by side')]
  ];
  return (
    <div className="mlnb-Diff-controls">
      <div className="mlnb-Looks" role="group" aria-label={trans.__('Layout of cells')}>
        {looks.map(([layout, label]) => (
          <button
            key={layout}
            type="button"
            aria-pressed={model.layout === layout}
            onClick={() => {
              model.layout = layout;
            }}
          >
            {label}
          </button>
        ))}
      </div>
      <Button label={trans.__('Compare with …')} onClick={onOther} />
    </div>
  );
}

interface IFound {
  readonly diff: Diff;
  readonly layout: Layout;
  readonly trans: TranslationBundle;
}

function Found(props: IFound): React.JSX.Element {
  const { diff, trans } = props;
  const parts = partsOf(props);
  const shown = parts.filter(part => part.kinds.length > 0);
  const same = parts.filter(part => part.kinds.length === 0 && diff.compared.includes(part.part));
  const unknown = parts.filter(
    part => part.kinds.length === 0 && !diff.compared.includes(part.part)
  );
  return (
    <>
      <Sides {...props} />
      {shown.length === 0 && diff.environment_changed !== true && (
        <p className="mlnb-Diff-nothing">{trans.__('Nothing that was compared differs.')}</p>
      )}
      {shown.map(part => (
        <Section key={part.part} title={part.title} count={tally(part.kinds, trans)}>
          {part.content()}
          {part.rest && <p className="mlnb-Secondary">{part.rest}</p>}
        </Section>
      ))}
      {diff.environment_changed === true && diff.environment.length === 0 && (
        <p>{trans.__('The environments differ; their packages are not known in both states.')}</p>
      )}
      {same.length > 0 && (
        <p className="mlnb-Diff-quiet">
          {trans.__('No difference: %1.', same.map(part => part.title.toLowerCase()).join(', '))}
        </p>
      )}
      {unknown.length > 0 && (
        <p className="mlnb-Diff-quiet">
          {trans.__('Not compared: %1.', unknown.map(part => part.title.toLowerCase()).join(', '))}
        </p>
      )}
      {diff.notes.length > 0 && (
        <ul className="mlnb-Diff-notes" aria-label={trans.__('What could not be compared')}>
          {diff.notes.map((note, n) => (
            <li key={n}>{sentence(note)}</li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Which states they are. */
function Sides({ diff, trans }: IFound): React.JSX.Element {
  const side = (state: Diff['before'], id: string): React.JSX.Element => (
    <>
      <strong title={id}>{state?.title ? state.title : trans.__('a snapshot')}</strong>
      {state?.created_at && (
        <>
          {', '}
          <time dateTime={state.created_at}>{dateTime(state.created_at)}</time>
        </>
      )}
    </>
  );
  return (
    <dl className="mlnb-Diff-sides">
      <div>
        <dt>{trans.__('Before')}</dt>
        <dd>{side(diff.before, diff.a)}</dd>
      </div>
      <div>
        <dt>{trans.__('After')}</dt>
        <dd>
          {side(diff.after, diff.b)}
          {diff.cells_run > 0 && (
            <span className="mlnb-Secondary">
              {' · '}
              {trans._n('%1 cell run in between', '%1 cell runs in between', diff.cells_run)}
            </span>
          )}
        </dd>
      </div>
    </dl>
  );
}

interface IShownPart {
  readonly part: Part;
  readonly title: string;
  readonly kinds: readonly Kind[];
  readonly content: () => React.ReactNode;
  /** What is to be said of the rest. */
  readonly rest?: string;
}

function partsOf({ diff, layout, trans }: IFound): readonly IShownPart[] {
  const facts = (part: Part, title: string, rows: Diff['git']): IShownPart => ({
    part,
    title,
    kinds: rows.map(row => row.kind),
    content: () => <Facts facts={rows} label={title} trans={trans} />
  });
  const quiet = diff.unchanged.length;
  return [
    {
      part: 'cells',
      title: trans.__('Cells'),
      kinds: diff.cells.map(cell => cell.kind),
      content: () => <CellChanges cells={diff.cells} layout={layout} trans={trans} />,
      rest:
        diff.cells_unchanged > 0
          ? trans._n('%1 cell is unchanged.', '%1 cells are unchanged.', diff.cells_unchanged)
          : ''
    },
    {
      part: 'variables',
      title: trans.__('Variables'),
      kinds: diff.changes.map(change => change.kind),
      content: () => <VariableChanges changes={diff.changes} trans={trans} />,
      rest:
        quiet > 0 ? trans._n('%1 variable is unchanged.', '%1 variables are unchanged.', quiet) : ''
    },
    facts('parameters', trans.__('Parameters'), diff.parameters),
    {
      part: 'data',
      title: trans.__('Data'),
      kinds: diff.data.map(change => change.kind),
      content: () => <DataChanges data={diff.data} label={trans.__('Data')} trans={trans} />
    },
    facts('environment', trans.__('Packages'), diff.environment),
    facts('git', trans.__('Git'), diff.git)
  ];
}
