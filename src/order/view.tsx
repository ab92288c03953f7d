/** The Order section on the screen. */

import type { TranslationBundle } from '@jupyterlab/translation';
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
import { badIcon, goodIcon, staleIcon } from '../ui/icons';
import type { IPart } from './cell_list';
import { CellList } from './cell_list';
import { Findings } from './findings';
import { ModeSelect } from './mode_select';
import type { OrderModel } from './model';
import { notFreshTexts } from './summary';

/** Everything below the section's header. */
export function OrderView(props: {
  readonly model: OrderModel;
  readonly trans: TranslationBundle;
  /** Opens the dependency graph with what is not fresh. */
  readonly onGraph: () => void;
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
            <LiveOrder model={model} trans={trans} onGraph={props.onGraph} />
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

function LiveOrder({
  model,
  trans,
  onGraph
}: IPart & { readonly onGraph: () => void }): React.JSX.Element {
  const { listed, groups, aside, kernelError, plan } = model;
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
        {(toRun > 0 || listed.length > 0) && (
          <div className="mlnb-Actions">
            {toRun > 0 && <RunPlan model={model} trans={trans} count={toRun} />}
            {listed.length > 0 && (
              <Button
                label={trans.__('Graph')}
                title={trans.__('Show the cells that are not fresh in the dependency graph')}
                onClick={onGraph}
              />
            )}
          </div>
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
        groups={groups}
        label={trans.__('Cells that are not fresh')}
      />
      {aside.length > 0 && (
        <>
          <h4 className="mlnb-Subtitle">{trans.__('Set aside by you')}</h4>
          <CellList
            model={model}
            trans={trans}
            groups={aside.map(cell => ({ cell, followers: [] }))}
            label={trans.__('Cells that are skipped, frozen or vouched for')}
          />
        </>
      )}
    </>
  );
}

/** Runs the plan; where only a restart makes the notebook clean, that is the first thing to do, and stands below. */
function RunPlan({ model, trans, count }: IPart & { readonly count: number }): React.JSX.Element {
  const needsRestart = Boolean(model.plan?.restart);
  return (
    <Button
      isPrimary={!needsRestart}
      label={trans._n('Run %1 cell', 'Run %1 cells', count)}
      title={
        needsRestart
          ? trans.__('Run, in order, the cells that are not fresh, without a restart')
          : trans.__('Run, in order, the cells that make the notebook equal a clean run')
      }
      isDisabled={model.busyWith !== null}
      onClick={() => void model.runPlan()}
    />
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
          <strong>{trans.__('Running cells is not enough.')}</strong>{' '}
          <TextWithCode text={sentence(restart)} />
        </p>
        <p className="mlnb-Actions">
          <Button
            isPrimary
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
  const texts = model.status ? notFreshTexts(model.status.summary, trans) : [];
  return trans._n('%1 cell: %2.', '%1 cells: %2.', model.total, texts.join(', '));
}
