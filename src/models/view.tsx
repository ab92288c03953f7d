/** The Runs & models section on the screen. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type React from 'react';

import type { RegisteredModel, Run } from '../api/types';
import { Button, EmptyState, Facts, Row, SectionBody, ShortId, StateIcon } from '../ui/components';
import { dateTime, figure, timeAgo } from '../ui/format';
import { badIcon, cancelledIcon, emptyIcon, goodIcon, runningIcon } from '../ui/icons';
import type { ModelsModel } from './model';

interface IPart {
  readonly model: ModelsModel;
  readonly trans: TranslationBundle;
  readonly onRegister: (run: Run) => void;
  /** Inserts a cell that logs a run into the current notebook; null when none is open. */
  readonly onInsertExample: (() => void) | null;
}

/** Everything below the section's header. */
export function ModelsView(props: IPart): React.JSX.Element {
  const { model, trans, onInsertExample } = props;
  if (model.runs.length === 0 && model.models.length === 0) {
    return (
      <SectionBody model={model} trans={trans}>
        <EmptyState
          text={trans.__(
            'What a notebook logs with MLflow is kept here: parameters, metrics and models, without a server to start.'
          )}
          action={{
            label: trans.__('Insert a cell that logs a run'),
            onClick: () => onInsertExample?.(),
            isDisabled: onInsertExample === null
          }}
        />
      </SectionBody>
    );
  }
  return (
    <SectionBody model={model} trans={trans}>
      <h4 className="mlnb-Subtitle">{trans.__('Runs')}</h4>
      <ul className="mlnb-List" aria-label={trans.__('Runs, newest first')}>
        {model.runs.map(run => (
          <RunRow key={run.run_id} {...props} run={run} />
        ))}
      </ul>
      {model.models.length > 0 && (
        <>
          <h4 className="mlnb-Subtitle">{trans.__('Registered models')}</h4>
          <ul className="mlnb-List" aria-label={trans.__('Registered models')}>
            {model.models.map(registered => (
              <ModelRow key={registered.name} {...props} registered={registered} />
            ))}
          </ul>
        </>
      )}
    </SectionBody>
  );
}

function RunRow(props: IPart & { readonly run: Run }): React.JSX.Element {
  const { model, trans, onRegister } = props;
  const run = model.whole(props.run);
  const metrics = Object.entries(run.metrics);
  return (
    <Row
      icon={<RunIcon status={run.status} trans={trans} />}
      title={run.name || run.run_id}
      detail={
        metrics.map(([name, value]) => `${name} ${figure(value)}`).join(' · ') || run.experiment
      }
      aside={run.started_at ? timeAgo(run.started_at) : undefined}
      onToggle={isOpen => {
        if (isOpen) {
          void model.openRun(run.run_id);
        }
      }}
    >
      {metrics.length > 0 && (
        <NamedValues
          label={trans.__('Metrics')}
          values={metrics.map(([name, value]) => [name, figure(value)])}
        />
      )}
      <NamedValues label={trans.__('Parameters')} values={Object.entries(run.params)} />
      <Facts facts={facts(run, trans)} />
      {run.models.length > 0 && (
        <div className="mlnb-Actions">
          <Button
            label={trans.__('Register model …')}
            isDisabled={model.busyWith !== null}
            onClick={() => {
              onRegister(run);
            }}
          />
        </div>
      )}
    </Row>
  );
}

function ModelRow(props: IPart & { readonly registered: RegisteredModel }): React.JSX.Element {
  const { model, registered, trans } = props;
  const aliases = Object.entries(registered.aliases).map(([alias, to]) => `@${alias} → ${to}`);
  return (
    <Row
      title={registered.name}
      detail={[registered.owner, ...aliases].filter(Boolean).join(' · ')}
      aside={
        registered.latest_version === null
          ? undefined
          : trans.__('version %1', registered.latest_version)
      }
      onToggle={isOpen => {
        if (isOpen) {
          void model.openModel(registered.name);
        }
      }}
    >
      {registered.description && <p className="mlnb-Note">{registered.description}</p>}
      <ul className="mlnb-List">
        {registered.versions.map(version => (
          <li key={version.version}>
            <Facts
              facts={[
                [
                  trans.__('Version %1', version.version),
                  version.created_at ? dateTime(version.created_at) : ''
                ],
                [trans.__('Run'), <ShortId key="run" id={version.run_id ?? '–'} />],
                [trans.__('Digest'), <ShortId key="digest" id={version.digest ?? '–'} />]
              ]}
            />
          </li>
        ))}
      </ul>
    </Row>
  );
}

function NamedValues(props: {
  readonly label: string;
  readonly values: readonly (readonly [string, string])[];
}): React.JSX.Element | null {
  if (props.values.length === 0) {
    return null;
  }
  return (
    <table className="mlnb-Table">
      <caption>{props.label}</caption>
      <tbody>
        {props.values.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td className="mlnb-mod-number">{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RunIcon(props: {
  readonly status: string;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const { status, trans } = props;
  const known: Readonly<Record<string, readonly [LabIcon, string]>> = {
    FINISHED: [goodIcon, trans.__('Finished')],
    RUNNING: [runningIcon, trans.__('Running')],
    FAILED: [badIcon, trans.__('Failed')],
    KILLED: [cancelledIcon, trans.__('Killed')]
  };
  const [icon, label] = known[status] ?? [emptyIcon, status];
  return <StateIcon icon={icon} label={label} />;
}

function facts(run: Run, trans: TranslationBundle): [string, React.ReactNode][] {
  const code = (id: string): React.ReactNode => <ShortId id={id} />;
  const shown: [string, React.ReactNode][] = [
    [trans.__('Experiment'), run.experiment],
    [trans.__('Run'), code(run.run_id)]
  ];
  if (run.started_at) {
    shown.push([trans.__('Started'), dateTime(run.started_at)]);
  }
  if (run.snapshot_id) {
    shown.push([trans.__('Snapshot'), code(run.snapshot_id)]);
  }
  if (run.job_id) {
    shown.push([trans.__('Job'), code(run.job_id)]);
  }
  return shown;
}
