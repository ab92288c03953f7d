/** The Environment section on the screen. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';

import type { EnvironmentDifference, EnvironmentStatus } from '../api/types';
import { Button, Facts, Row, SectionBody, ShortId, StateIcon } from '../ui/components';
import { sentence } from '../ui/format';
import { badIcon, editedIcon, staleIcon } from '../ui/icons';
import type { EnvsModel, IGrade } from './model';

const ICONS = { red: badIcon, amber: staleIcon, info: editedIcon };

/** Everything below the section's header. */
export function EnvsView(props: {
  readonly model: EnvsModel;
  readonly trans: TranslationBundle;
  /** Restarts the kernel of the current notebook, after asking. */
  readonly onRestart?: () => void;
}): React.JSX.Element {
  const { model, trans } = props;
  const { shown, status } = model;
  return (
    <SectionBody model={model} trans={trans}>
      {shown && (
        <>
          <div className="mlnb-Padded">
            <Facts facts={[...facts(shown, trans), ...(status ? standing(status, trans) : [])]} />
            {model.needsRestart && props.onRestart && (
              <p className="mlnb-Actions">
                <Button isPrimary label={trans.__('Restart kernel')} onClick={props.onRestart} />
              </p>
            )}
          </div>
          {model.grades.map(grade => (
            <Grade key={grade.severity} grade={grade} trans={trans} />
          ))}
          <div className="mlnb-Bar">
            <input
              className="mlnb-Input"
              type="search"
              aria-label={trans.__('Filter packages')}
              placeholder={trans.__('Filter %1 packages', shown.environment.distributions.length)}
              value={model.filter}
              onChange={event => {
                model.filterBy(event.target.value);
              }}
            />
          </div>
          <ul className="mlnb-Packages" tabIndex={0} aria-label={trans.__('Installed packages')}>
            {model.packages.map(({ name, version }) => (
              <li key={name}>
                <span>{name}</span> <span className="mlnb-Secondary">{version}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </SectionBody>
  );
}

function facts(
  shown: NonNullable<EnvsModel['shown']>,
  trans: TranslationBundle
): [string, React.ReactNode][] {
  const { environment, kernel, python } = shown;
  return [
    [trans.__('Of'), kernel ? trans.__('the kernel') : trans.__('the Jupyter server')],
    [
      trans.__('Python'),
      <span
        key="python"
        title={python}
      >{`${environment.implementation} ${environment.python}`}</span>
    ],
    [trans.__('Platform'), `${environment.system}, ${environment.machine}`],
    [trans.__('Env id'), <ShortId key="id" id={environment.env_id} />],
    [trans.__('Request'), <ShortId key="request" id={environment.env_request_id} />]
  ];
}

/** How it stands to the lock and to the last job. */
function standing(
  status: EnvironmentStatus,
  trans: TranslationBundle
): [string, React.ReactNode][] {
  const { drift, last_job: last, lock_path: path } = status;
  const locks: Record<EnvironmentStatus['lock'], string> = {
    locked: trans.__('as locked'),
    drifted: trans.__('drifted: %1', drift?.summary ?? ''),
    unlocked: trans.__('unlocked'),
    other_platform: trans.__('locked for another platform')
  };
  const found: [string, React.ReactNode][] = [
    [
      trans.__('Lock'),
      <span key="lock" title={path ?? undefined}>
        {locks[status.lock]}
      </span>
    ]
  ];
  if (last) {
    const same = last.same
      ? trans.__('the same environment')
      : last.same === null
        ? trans.__('its environment is not known')
        : trans.__('another environment');
    const words = last.drift && !last.drift.same ? `${same}: ${last.drift.summary}` : same;
    found.push([trans.__('Last job'), words]);
  }
  if (status.refuses) {
    found.push([trans.__('Policy'), trans.__('red drift refuses jobs')]);
  }
  return found;
}

/** The differences of one grade. */
function Grade(props: {
  readonly grade: IGrade;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const { grade, trans } = props;
  const titles: Record<IGrade['severity'], string> = {
    red: trans.__('Changes what code does'),
    amber: trans.__('May change what code does'),
    info: trans.__('Good to know')
  };
  const title = titles[grade.severity];
  return (
    <ul className="mlnb-List" aria-label={title}>
      {grade.differences.map(one => (
        <Row
          key={`${one.kind} ${one.name}`}
          icon={<StateIcon icon={ICONS[grade.severity]} label={title} />}
          title={one.name}
          detail={change(one, trans)}
        >
          <p>{sentence(one.reason)}</p>
          <Facts
            facts={[
              [trans.__('Then'), one.before ?? trans.__('not there')],
              [trans.__('Now'), one.after ?? trans.__('not there')]
            ]}
          />
          {one.fix && <p className="mlnb-Secondary">{wayOut(one, trans)}</p>}
        </Row>
      ))}
    </ul>
  );
}

function change(one: EnvironmentDifference, trans: TranslationBundle): string {
  const words: Record<EnvironmentDifference['change'], string> = {
    added: trans.__('added'),
    removed: trans.__('removed'),
    changed: trans.__('changed')
  };
  return words[one.change];
}

function wayOut(one: EnvironmentDifference, trans: TranslationBundle): React.ReactNode {
  switch (one.fix) {
    case 'restart_kernel':
      return trans.__('The right files are on disk: restart the kernel.');
    case 'reinstall':
      return (
        <>
          {trans.__('Install the package again:')}{' '}
          <code>{`%pip install --force-reinstall --no-deps ${one.name}`}</code>
        </>
      );
    default:
      return trans.__('Go back to the environment of the lock, or lock this one.');
  }
}
