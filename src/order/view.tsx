/** The Order section on the screen. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type React from 'react';

import type { Finding } from '../api/types';
import {
  Button,
  EmptyState,
  ErrorMessage,
  SectionBody,
  StateIcon,
  TextWithCode
} from '../ui/components';
import { sentence } from '../ui/format';
import { badIcon, editedIcon, emptyIcon, goodIcon, staleIcon, unknownIcon } from '../ui/icons';
import type { ICellOrder, OrderMode } from './client';
import { MODES } from './client';
import type { IListedCell, OrderModel } from './model';
import { modeText, reasonText, stateText } from './words';

const ICONS: Readonly<Record<ICellOrder['state'], LabIcon>> = {
  fresh: goodIcon,
  stale: staleIcon,
  edited: editedIcon,
  never_run: emptyIcon,
  unknown: unknownIcon
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
  if (model.link === 'connecting') {
    return <p className="mlnb-Loading">{trans.__('Waiting for the kernel …')}</p>;
  }
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

function LiveOrder({ model, trans }: IPart): React.JSX.Element {
  const { listed, status, kernelError } = model;
  if (kernelError) {
    return <ErrorMessage error={kernelError} trans={trans} onRetry={() => void model.refresh()} />;
  }
  return (
    <>
      <div className="mlnb-Bar">
        <select
          className="mlnb-Select"
          aria-label={trans.__('What mlnb does about order')}
          value={status?.mode ?? 'mark'}
          onChange={event => void model.setMode(event.target.value as OrderMode)}
        >
          {MODES.map(mode => (
            <option key={mode} value={mode}>
              {modeText(mode, trans)}
            </option>
          ))}
        </select>
        <Button
          isPrimary
          label={trans._n('Run %1 cell', 'Run %1 cells', listed.length)}
          title={trans.__('Run, in order, the cells that make the notebook fresh again')}
          isDisabled={listed.length === 0 || model.busyWith !== null}
          onClick={() => void model.runPlan()}
        />
      </div>
      <p className="mlnb-Summary" role="status">
        {summary(model, trans)}
      </p>
      <ul className="mlnb-List" aria-label={trans.__('Cells that are not fresh')}>
        {listed.map(cell => (
          <CellRow
            key={cell.id}
            cell={cell}
            trans={trans}
            onReveal={() => model.notebook?.reveal(cell.id)}
          />
        ))}
      </ul>
    </>
  );
}

function CellRow(props: {
  readonly cell: IListedCell;
  readonly trans: TranslationBundle;
  readonly onReveal: () => void;
}): React.JSX.Element {
  const { cell, trans } = props;
  const { state } = cell.order;
  return (
    <li className="mlnb-Row">
      <button type="button" className="mlnb-Row-head" onClick={props.onReveal}>
        <StateIcon icon={ICONS[state]} label={stateText(state, trans)} />
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
    </li>
  );
}

function Findings({ model, trans }: IPart): React.JSX.Element | null {
  const { report } = model;
  if (!report) {
    return null;
  }
  if (report.findings.length === 0) {
    return (
      <p className="mlnb-Summary" role="status">
        <StateIcon icon={goodIcon} label={trans.__('Clean')} />
        {trans.__('The saved notebook runs from top to bottom as it stands: no findings.')}
      </p>
    );
  }
  return (
    <>
      <h4 className="mlnb-Subtitle">{trans.__('Found in the saved notebook')}</h4>
      <ul className="mlnb-List" aria-label={trans.__('Findings in the saved notebook')}>
        {report.findings.map((finding, index) => (
          <FindingRow
            key={index}
            finding={finding}
            trans={trans}
            onReveal={() => finding.cell_id !== null && model.notebook?.reveal(finding.cell_id)}
          />
        ))}
      </ul>
    </>
  );
}

function FindingRow(props: {
  readonly finding: Finding;
  readonly trans: TranslationBundle;
  readonly onReveal: () => void;
}): React.JSX.Element {
  const { finding, trans } = props;
  const icon = finding.severity === 'error' ? badIcon : staleIcon;
  return (
    <li className="mlnb-Row">
      <button type="button" className="mlnb-Row-head" onClick={props.onReveal}>
        <StateIcon icon={icon} label={finding.severity} />
        <span className="mlnb-Row-text">
          <span className="mlnb-Row-wrapped">
            <TextWithCode text={sentence(finding.message)} />
          </span>
          <span className="mlnb-Row-detail">{finding.code}</span>
        </span>
        {finding.index !== null && (
          <span className="mlnb-Row-aside">{trans.__('cell %1', finding.index + 1)}</span>
        )}
      </button>
    </li>
  );
}

function summary(model: OrderModel, trans: TranslationBundle): React.ReactNode {
  if (model.status?.mode === 'off') {
    return trans.__('mlnb does not watch the order in this kernel.');
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
  return trans.__('Not fresh: %1 of %2 cells.', model.listed.length, model.total);
}

interface IPart {
  readonly model: OrderModel;
  readonly trans: TranslationBundle;
}
