/** The Jobs section on the screen. */

import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type React from 'react';
import { useEffect, useRef } from 'react';

import type { Job } from '../api/types';
import { Button, EmptyState, Facts, Row, SectionBody, StateIcon } from '../ui/components';
import { dateTime, timeAgo } from '../ui/format';
import { badIcon, cancelledIcon, emptyIcon, goodIcon, runningIcon, unknownIcon } from '../ui/icons';
import type { JobsModel } from './model';
import { isFinal } from './model';
import { parametersText, ranFor, stateText } from './words';

const ICONS: Readonly<Record<Job['state'], LabIcon>> = {
  queued: emptyIcon,
  starting: emptyIcon,
  running: runningIcon,
  succeeded: goodIcon,
  failed: badIcon,
  cancelled: cancelledIcon,
  lost: unknownIcon
};

interface IPart {
  readonly model: JobsModel;
  readonly trans: TranslationBundle;
  readonly onSubmit: () => void;
  readonly onOpenOutput: (job: Job) => void;
  readonly canSubmit: boolean;
}

/** Everything below the section's header. */
export function JobsView(props: IPart): React.JSX.Element {
  const { model, trans } = props;
  return (
    <SectionBody model={model} trans={trans}>
      {model.jobs.length === 0 ? (
        <EmptyState
          text={trans.__(
            'A job runs a notebook from top to bottom, with parameters of your choice, while you go on working. It outlives JupyterLab.'
          )}
          action={{
            label: trans.__('Submit this notebook'),
            onClick: props.onSubmit,
            isDisabled: !props.canSubmit
          }}
        />
      ) : (
        <ul className="mlnb-List" aria-label={trans.__('Jobs, newest first')} aria-live="polite">
          {model.jobs.map(job => (
            <JobRow key={job.id} {...props} job={job} />
          ))}
        </ul>
      )}
    </SectionBody>
  );
}

function JobRow(props: IPart & { readonly job: Job }): React.JSX.Element {
  const { job, model, trans } = props;
  const state = stateText(job, trans);
  const details = [state, ranFor(job, trans), parametersText(job.parameters)];
  return (
    <Row
      icon={<StateIcon icon={ICONS[job.state]} label={state} />}
      title={PathExt.basename(job.notebook)}
      detail={details.filter(Boolean).join(' · ')}
      aside={
        job.state === 'running' && job.cells_total > 0
          ? trans.__('%1/%2', job.cells_done, job.cells_total)
          : timeAgo(job.submitted_at)
      }
      onToggle={isOpen => void model.follow(job.id, isOpen)}
    >
      <JobBody {...props} />
    </Row>
  );
}

function JobBody(props: IPart & { readonly job: Job }): React.JSX.Element {
  const { job, model, trans } = props;
  const detail = model.detail(job.id);
  return (
    <>
      {!isFinal(job.state) && <Progress job={job} trans={trans} />}
      {job.reason && <p className="mlnb-Note">{job.reason}</p>}
      {job.failed_cell && (
        <p className="mlnb-Note">
          <StateIcon icon={badIcon} label={trans.__('Failed')} />
          <span>{trans.__('Cell %1: %2', job.failed_cell.index + 1, job.failed_cell.error)}</span>
        </p>
      )}
      <Facts facts={facts(job, trans)} />
      {detail && detail.lines.length > 0 && <Log lines={detail.lines} trans={trans} />}
      <div className="mlnb-Actions">
        {isFinal(job.state) ? (
          <>
            {job.output && (
              <Button
                label={trans.__('Open output')}
                onClick={() => {
                  props.onOpenOutput(job);
                }}
              />
            )}
            <Button
              label={trans.__('Retry')}
              isDisabled={model.busyWith !== null || job.state === 'succeeded'}
              onClick={() => void model.retry(job.id)}
            />
          </>
        ) : (
          <Button
            label={trans.__('Cancel')}
            isDisabled={model.busyWith !== null || job.is_cancelling}
            onClick={() => void model.cancel(job.id)}
          />
        )}
      </div>
    </>
  );
}

function Progress(props: {
  readonly job: Job;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const { job, trans } = props;
  const total = Math.max(job.cells_total, 1);
  return (
    <div
      className="mlnb-Progress"
      role="progressbar"
      aria-label={trans.__('Cells of job %1', job.id)}
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={job.cells_done}
    >
      <div style={{ width: `${(100 * job.cells_done) / total}%` }} />
    </div>
  );
}

function Log(props: {
  readonly lines: readonly string[];
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [props.lines.length]);
  return (
    <pre ref={box} className="mlnb-Log" tabIndex={0} aria-label={props.trans.__('End of the log')}>
      {props.lines.join('\n')}
    </pre>
  );
}

function facts(job: Job, trans: TranslationBundle): [string, React.ReactNode][] {
  const shown: [string, React.ReactNode][] = [
    [trans.__('Runs on'), job.host ? `${job.executor}, ${job.host}` : job.executor],
    [trans.__('Submitted'), dateTime(job.submitted_at)]
  ];
  if (job.attempt > 1) {
    shown.push([trans.__('Attempt'), job.attempt]);
  }
  const parameters = parametersText(job.parameters);
  if (parameters) {
    shown.push([trans.__('Parameters'), parameters]);
  }
  shown.push([trans.__('Job'), <code key="id">{job.id}</code>]);
  return shown;
}
