/** The History section on the screen. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type React from 'react';

import type { Restored, Snapshot, Variable } from '../api/types';
import { Button, EmptyState, Row, SectionBody, StateIcon } from '../ui/components';
import { byteSize, dateTime, timeAgo } from '../ui/format';
import { badIcon, goodIcon, staleIcon } from '../ui/icons';
import type { SnapshotsModel } from './model';
import { shortType, stateText, titleOf } from './words';

const ICONS: Readonly<Record<Variable['state'], LabIcon>> = {
  saved: goodIcon,
  recompute: staleIcon,
  not_restorable: badIcon
};

interface IPart {
  readonly model: SnapshotsModel;
  readonly trans: TranslationBundle;
  readonly onTake: () => void;
  readonly onNewNotebook: () => void;
  readonly onCompare: (a: Snapshot, b: Snapshot) => void;
}

/** Everything below the section's header. */
export function SnapshotsView(props: IPart): React.JSX.Element {
  const { model, trans } = props;
  return (
    <SectionBody model={model} trans={trans}>
      {model.restored && <RestoredNote {...props} restored={model.restored} />}
      {model.note && <p className="mlnb-Summary mlnb-Secondary">{model.note}</p>}
      {model.snapshots.length > 0 ? (
        <ul className="mlnb-List" aria-label={trans.__('Snapshots, newest first')}>
          {model.snapshots.map(snapshot => (
            <SnapshotRow key={snapshot.id} {...props} snapshot={snapshot} />
          ))}
        </ul>
      ) : (
        <Empty {...props} />
      )}
    </SectionBody>
  );
}

function Empty({ model, trans, onTake, onNewNotebook }: IPart): React.JSX.Element {
  const text = trans.__(
    'A snapshot freezes the notebook, its outputs and the variables in its kernel. Restore it whenever you want that state back.'
  );
  return model.notebook ? (
    <EmptyState
      text={text}
      action={{
        label: trans.__('Take a snapshot'),
        onClick: onTake,
        isDisabled: model.busyWith !== null
      }}
    />
  ) : (
    <EmptyState text={text} action={{ label: trans.__('New notebook'), onClick: onNewNotebook }} />
  );
}

function SnapshotRow(props: IPart & { readonly snapshot: Snapshot }): React.JSX.Element {
  const { snapshot, trans } = props;
  const number = Object.keys(snapshot.variables).length;
  const facts = [
    snapshot.has_kernel
      ? trans._n('%1 variable', '%1 variables', number)
      : trans.__('document only'),
    byteSize(snapshot.size_bytes)
  ];
  return (
    <Row
      title={titleOf(snapshot, trans)}
      detail={facts.join(' · ')}
      aside={<span title={dateTime(snapshot.created_at)}>{timeAgo(snapshot.created_at)}</span>}
    >
      <SnapshotBody {...props} />
    </Row>
  );
}

function SnapshotBody(props: IPart & { readonly snapshot: Snapshot }): React.JSX.Element {
  const { model, snapshot, trans } = props;
  const others = model.snapshots.filter(({ id }) => id !== snapshot.id);
  return (
    <>
      <div className="mlnb-Actions">
        <Button
          isPrimary
          label={trans.__('Restore')}
          title={trans.__('Bring these variables back into the running kernel')}
          isDisabled={model.busyWith !== null || !snapshot.has_kernel}
          onClick={() => void model.restore(snapshot.id)}
        />
        {others.length > 0 && (
          <select
            className="mlnb-Select"
            aria-label={trans.__('Compare with another snapshot')}
            value=""
            onChange={event => {
              const other = others.find(({ id }) => id === event.target.value);
              if (other) {
                props.onCompare(other, snapshot);
              }
            }}
          >
            <option value="">{trans.__('Compare with …')}</option>
            {others.map(other => (
              <option key={other.id} value={other.id}>
                {`${timeAgo(other.created_at)}: ${titleOf(other, trans)}`}
              </option>
            ))}
          </select>
        )}
      </div>
      <Variables variables={snapshot.variables} trans={trans} />
    </>
  );
}

function Variables(props: {
  readonly variables: Readonly<Record<string, Variable>>;
  readonly trans: TranslationBundle;
}): React.JSX.Element | null {
  const { variables, trans } = props;
  const names = Object.entries(variables);
  if (names.length === 0) {
    return null;
  }
  return (
    <ul className="mlnb-List mlnb-Variables" aria-label={trans.__('Variables in the snapshot')}>
      {names.map(([name, variable]) => (
        <li key={name}>
          <StateIcon icon={ICONS[variable.state]} label={stateText(variable.state, trans)} />
          <span className="mlnb-Row-text">
            <span className="mlnb-Row-title">
              <code>{name}</code>{' '}
              <span className="mlnb-Secondary" title={variable.type}>
                {shortType(variable.type)}
              </span>
            </span>
            {variable.reason && <span className="mlnb-Row-wrapped">{variable.reason}</span>}
          </span>
          <span className="mlnb-Row-aside">{byteSize(variable.size_bytes)}</span>
        </li>
      ))}
    </ul>
  );
}

function RestoredNote(props: IPart & { readonly restored: Restored }): React.JSX.Element {
  const { model, restored, trans } = props;
  const back = restored.restored.length + restored.recomputed.length;
  const lost = Object.entries(restored.not_restored);
  const { undo } = restored;
  return (
    <div className="mlnb-Message mlnb-mod-note" role="status">
      <StateIcon
        icon={lost.length > 0 ? staleIcon : goodIcon}
        label={lost.length > 0 ? trans.__('Restored in part') : trans.__('Restored')}
      />
      <div>
        <p>
          {trans._n('%1 variable is as it was.', '%1 variables are as they were.', back)}{' '}
          {restored.removed.length > 0 &&
            trans.__('Removed, because the snapshot had none: %1.', restored.removed.join(', '))}
        </p>
        {lost.length > 0 && (
          <ul className="mlnb-List" aria-label={trans.__('Not restored')}>
            {lost.map(([name, reason]) => (
              <li key={name}>
                <code>{name}</code> {trans.__('was not restored: %1', reason)}
              </li>
            ))}
          </ul>
        )}
        <p className="mlnb-Actions">
          {undo && <Button label={trans.__('Undo')} onClick={() => void model.restore(undo)} />}
          <Button
            label={trans.__('Dismiss')}
            onClick={() => {
              model.dismiss();
            }}
          />
        </p>
      </div>
    </div>
  );
}
