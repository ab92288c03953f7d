/** The Order section on the screen. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type React from 'react';

import {
  Button,
  EmptyState,
  ErrorMessage,
  SectionBody,
  StateIcon,
  TextWithCode
} from '../ui/components';
import { sentence } from '../ui/format';
import {
  badIcon,
  editedIcon,
  emptyIcon,
  goodIcon,
  keptIcon,
  staleIcon,
  cannotTellIcon
} from '../ui/icons';
import type { ICellOrder } from './client';
import { Findings } from './findings';
import { ModeSelect } from './mode_select';
import type { IListedCell, OrderModel } from './model';
import { keptText, reasonText, stateText } from './words';

const ICONS: Readonly<Record<ICellOrder['state'], LabIcon>> = {
  fresh: goodIcon,
  stale: staleIcon,
  edited: editedIcon,
  never_run: emptyIcon,
  unknown: cannotTellIcon
};

/** Everything below the section's header. */
export function OrderView(props: {
  readonly model: OrderModel;
  readonly trans: TranslationBundle;
  readonly onNewNotebook: () => void;
}): React.JSX.Element {
  const { model, trans } = props;
  return (
    <SectionBody model={model} trans={trans}>
      {model.notebook === null ? (
        <EmptyState
          text={trans.__(
            'Order shows which cells no longer match what the kernel holds, and why. Open a notebook, or begin a new one.'
          )}
          action={{ label: trans.__('New notebook'), onClick: props.onNewNotebook }}
        />
      ) : (
        <>
          {model.link === 'ready' ? (
            <LiveOrder model={model} trans={trans} />
          ) : (
            <Unlinked model={model} trans={trans} />
          )}
          <Findings model={model} trans={trans} />
        </>
      )}
    </SectionBody>
  );
}

function Unlinked({ model, trans }: IPart): React.JSX.Element {
  const language = model.notebook?.kernel.language ?? '';
  switch (model.link) {
    case 'connecting':
      return <p className="mlnb-Loading">{trans.__('Waiting for the kernel …')}</p>;
    case 'foreign':
      return (
        <>
          <div className="mlnb-Bar">
            <ModeSelect model={model} trans={trans} />
          </div>
          <p className="mlnb-Summary">
            {trans.__(
              'Which cells are stale can be told for Python only, not for this language (%1). Linear and verify work.',
              language
            )}
          </p>
        </>
      );
    default:
      return (
        <EmptyState
          text={
            model.link === 'absent'
              ? trans.__(
                  'This kernel has no mlnb, so the order of its runs cannot be followed. The saved notebook can still be checked.'
                )
              : trans.__(
                  'Without a kernel there are no runs to follow. The saved notebook can be checked.'
                )
          }
          action={{
            label: trans.__('Check the saved notebook'),
            onClick: () => void model.check(),
            isDisabled: model.busyWith !== null
          }}
        />
      );
  }
}

function LiveOrder({ model, trans }: IPart): React.JSX.Element {
  const { listed, aside, kernelError, plan } = model;
  if (kernelError) {
    return <ErrorMessage error={kernelError} trans={trans} onRetry={() => void model.refresh()} />;
  }
  const toRun = plan?.cells.length ?? listed.length;
  return (
    <>
      <div className="mlnb-Bar">
        <ModeSelect model={model} trans={trans} />
      </div>
      <div className="mlnb-Bar">
        <p className="mlnb-Summary mlnb-mod-inBar" role="status">
          {summary(model, trans)}
        </p>
        {toRun > 0 && (
          <Button
            isPrimary
            label={trans._n('Run %1 cell', 'Run %1 cells', toRun)}
            title={trans.__('Run, in order, the cells that make the notebook equal a clean run')}
            isDisabled={model.busyWith !== null}
            onClick={() => void model.runPlan()}
          />
        )}
      </div>
      {model.mode === 'reactive' && model.notebook?.isTrusted === false && (
        <p className="mlnb-Summary">
          {trans.__('Jupyter does not trust this notebook, so nothing in it runs by itself.')}
        </p>
      )}
      <RestartHint model={model} trans={trans} />
      <CellList
        model={model}
        trans={trans}
        cells={listed}
        label={trans.__('Cells that are not fresh')}
      />
      {aside.length > 0 && (
        <>
          <h4 className="mlnb-Subtitle">{trans.__('Set aside by you')}</h4>
          <CellList
            model={model}
            trans={trans}
            cells={aside}
            label={trans.__('Cells that are skipped, frozen or vouched for')}
          />
        </>
      )}
    </>
  );
}

/** Why running cells is not enough, and what is. */
function RestartHint({ model, trans }: IPart): React.JSX.Element | null {
  const restart = model.plan?.restart;
  if (!restart) {
    return null;
  }
  return (
    <div className="mlnb-Message mlnb-mod-note">
      <staleIcon.react tag="span" className="mlnb-StateIcon" width="14px" height="14px" />
      <div>
        <p>
          <strong>{trans.__('Only a restart makes this notebook clean.')}</strong>{' '}
          <TextWithCode text={sentence(restart)} />
        </p>
        <p className="mlnb-Actions">
          <Button
            label={trans.__('Restart and run all …')}
            title={trans.__('Restart the kernel, after a question, and run all cells')}
            isDisabled={model.busyWith !== null}
            onClick={() => void model.restart()}
          />
        </p>
      </div>
    </div>
  );
}

function CellList(
  props: IPart & { readonly cells: readonly IListedCell[]; readonly label: string }
): React.JSX.Element {
  const { model, trans, cells, label } = props;
  return (
    <ul className="mlnb-List" aria-label={label}>
      {cells.map(cell => (
        <CellRow key={cell.id} cell={cell} model={model} trans={trans} />
      ))}
    </ul>
  );
}

function CellRow(props: IPart & { readonly cell: IListedCell }): React.JSX.Element {
  const { cell, model, trans } = props;
  const { state, kept } = cell.order;
  const icon = kept ? keptIcon : ICONS[state];
  const label = kept ? keptText(kept, trans) : stateText(state, trans);
  return (
    <li className="mlnb-Row">
      <button
        type="button"
        className="mlnb-Row-head"
        onClick={() => model.notebook?.reveal(cell.id)}
      >
        <StateIcon icon={icon} label={label} />
        <span className="mlnb-Row-text">
          <span className="mlnb-Row-title">
            <code>{cell.title}</code>
          </span>
          <span className="mlnb-Row-detail mlnb-mod-wrapped">
            <TextWithCode text={reasonText(cell.order, trans)} />
          </span>
        </span>
        <span className="mlnb-Row-aside">{trans.__('cell %1', cell.number)}</span>
      </button>
      <RowAction cell={cell} model={model} trans={trans} />
    </li>
  );
}

/** The one thing that can be done about a cell from its row. */
function RowAction(props: IPart & { readonly cell: IListedCell }): React.JSX.Element | null {
  const { cell, model, trans } = props;
  const { state, kept } = cell.order;
  if (kept) {
    return (
      <Button
        label={trans.__('Take tag off')}
        title={trans.__('Remove the tag %1 from cell %2', kept, cell.number)}
        onClick={() => {
          model.keep(cell.id, kept, false);
        }}
      />
    );
  }
  if (state === 'unknown') {
    return (
      <Button
        label={trans.__('Vouch')}
        title={trans.__(
          'Take cell %1 for fresh on your word, until it runs again or an input changes',
          cell.number
        )}
        isDisabled={model.busyWith !== null}
        onClick={() => void model.vouch(cell.id)}
      />
    );
  }
  return null;
}

function summary(model: OrderModel, trans: TranslationBundle): React.ReactNode {
  const offReason = model.status?.off_reason;
  if (offReason) {
    return (
      <>
        <StateIcon icon={badIcon} label={trans.__('Fault')} />
        <span>
          {trans.__('A fault in mlnb switched order off:')} <TextWithCode text={offReason} />
        </span>
      </>
    );
  }
  if (model.status?.mode === 'off') {
    return trans.__('mlnb does not watch the order in this notebook.');
  }
  if (model.total === 0) {
    return trans.__('The notebook has no code yet. Write a cell and run it.');
  }
  if (model.listed.length === 0) {
    return (
      <>
        <StateIcon icon={goodIcon} label={trans.__('Fresh')} />
        {trans._n('The one cell is fresh.', 'All %1 cells are fresh.', model.total)}
      </>
    );
  }
  return trans._n(
    '%1 of %2 is not fresh.',
    '%1 of %2 are not fresh.',
    model.listed.length,
    model.total
  );
}

interface IPart {
  readonly model: OrderModel;
  readonly trans: TranslationBundle;
}
