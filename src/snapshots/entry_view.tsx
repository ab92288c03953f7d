/** One state, opened: what can be done with it, and what is in it. */

import type { LabIcon } from '@jupyterlab/ui-components';
import type React from 'react';
import { useState } from 'react';

import { ApiError } from '../api/client';
import type { Entry, Variable } from '../api/types';
import { Button, StateIcon, TextWithCode } from '../ui/components';
import { byteSize } from '../ui/format';
import { badIcon, goodIcon, staleIcon } from '../ui/icons';
import type { SnapshotsClient } from './client';
import type { IPart } from './part';
import { PlanView } from './plan_view';
import { PurgeView } from './purge_view';
import { VariableName } from './variable_name';
import { entryTitle, stateText, timeOfDay } from './words';

const ICONS: Readonly<Record<Variable['state'], LabIcon>> = {
  saved: goodIcon,
  recompute: staleIcon,
  not_restorable: badIcon
};

type Asked = 'name' | 'delete' | null;

interface IEntryPart extends IPart {
  readonly entry: Entry;
  /** Another thing takes the place of what is shown. */
  readonly onLeave: () => void;
}

/** The body of a row. */
export function EntryBody(props: IEntryPart): React.JSX.Element {
  const { model, entry } = props;
  const { plan } = model.travel;
  const [asked, ask] = useState<Asked>(null);
  if (plan?.entry.id === entry.id) {
    return <PlanView {...props} plan={plan} />;
  }
  const done = (): void => {
    ask(null);
  };
  return (
    <>
      <MainActions {...props} />
      <MoreActions {...props} onAsk={ask} />
      {asked === 'name' && <NameForm {...props} onDone={done} />}
      {asked === 'delete' && <DeleteQuestion {...props} onDone={done} />}
      <Variables {...props} />
    </>
  );
}

function MainActions({ model, trans, entry, onCompare, onLeave }: IEntryPart): React.JSX.Element {
  const others = model.entries.filter(({ id }) => id !== entry.id);
  const cells = model.notebook?.cells() ?? [];
  return (
    <div className="mlnb-Actions">
      <Button
        isPrimary
        label={trans.__('Go back to here …')}
        title={trans.__('See what it would do first')}
        isDisabled={!model.canTravel || !(entry.has_kernel || entry.has_document)}
        onClick={() => void model.turns.take(() => model.travel.consider(entry)).then(onLeave)}
      />
      {others.length > 0 && (
        <select
          className="mlnb-Select"
          aria-label={trans.__('Compare with another snapshot')}
          value=""
          onChange={event => {
            onCompare(event.target.value, entry.id);
          }}
        >
          <option value="">{trans.__('Compare with …')}</option>
          {others.map(other => (
            <option key={other.id} value={other.id}>
              {`${timeOfDay(other.created_at)}: ${entryTitle(other, cells, trans)}`}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

function MoreActions(
  props: IEntryPart & { readonly onAsk: (what: Asked) => void }
): React.JSX.Element {
  const { model, trans, entry, onAsk, onOpen } = props;
  const isDisabled = model.busyWith !== null;
  const folder = model.notebook?.path.split('/').slice(0, -1).join('/') ?? '';
  const verify = async (): Promise<void> => {
    const found = await model.manage('verify', client => checkBytes(client, entry.id, trans));
    if (found) {
      await model.say(trans.__('Every byte is as it was written.'));
    }
  };
  const save = async (): Promise<void> => {
    const path = await model.manage('export', client => client.export(entry.id, folder));
    if (path) {
      await model.say(trans.__('Written to %1.', path), path);
    }
  };
  const open = async (): Promise<void> => {
    const path = await model.manage('open', client => client.open(entry.id, folder));
    if (path) {
      onOpen(path);
    }
  };
  const name = entry.kind === 'named' ? trans.__('Rename …') : trans.__('Name …');
  return (
    <div className="mlnb-Actions" role="group" aria-label={trans.__('More to do with it')}>
      <Button
        label={name}
        isDisabled={isDisabled}
        onClick={() => {
          onAsk('name');
        }}
      />
      <Button
        label={trans.__('Export')}
        title={trans.__('Write it to one file beside the notebook, to hand on')}
        isDisabled={isDisabled}
        onClick={() => void save()}
      />
      <Button
        label={trans.__('Verify')}
        title={trans.__('Read every stored byte of it again')}
        isDisabled={isDisabled}
        onClick={() => void verify()}
      />
      {entry.has_document && (
        <Button
          label={trans.__('Open as new notebook')}
          title={trans.__('Write the notebook as it was to a new file beside this one')}
          isDisabled={isDisabled}
          onClick={() => void open()}
        />
      )}
      <Button
        label={trans.__('Delete …')}
        isDisabled={isDisabled}
        onClick={() => {
          onAsk('delete');
        }}
      />
    </div>
  );
}

/** Reads every byte of a snapshot again. Rejects with an ApiError that names the first that is not as it was written. */
async function checkBytes(
  client: SnapshotsClient,
  id: string,
  trans: IPart['trans']
): Promise<true> {
  const [problem] = (await client.verify(id)).problems;
  if (problem) {
    throw new ApiError(
      trans.__('It is damaged: %1: %2', problem.what, problem.detail),
      'damaged',
      trans.__('The disk may be failing. Go back to another state, and bring this one from a copy.')
    );
  }
  return true;
}

function NameForm(props: IEntryPart & { readonly onDone: () => void }): React.JSX.Element {
  const { model, trans, entry, onDone } = props;
  const [name, setName] = useState(entry.kind === 'named' ? entry.name : '');
  return (
    <form
      className="mlnb-Actions"
      onSubmit={event => {
        event.preventDefault();
        onDone();
        void model.name(entry.id, name);
      }}
    >
      <input
        className="mlnb-Input"
        aria-label={trans.__('Name of the snapshot')}
        placeholder={trans.__('Name; it then stays for ever')}
        value={name}
        maxLength={200}
        autoFocus
        onChange={event => {
          setName(event.target.value);
        }}
        onKeyDown={event => {
          if (event.key === 'Escape') {
            onDone();
          }
        }}
      />
      <button type="submit" className="mlnb-Button mlnb-mod-primary">
        {trans.__('Save')}
      </button>
    </form>
  );
}

function DeleteQuestion(props: IEntryPart & { readonly onDone: () => void }): React.JSX.Element {
  const { model, trans, entry, onDone } = props;
  return (
    <div className="mlnb-Message" role="group" aria-label={trans.__('Delete this snapshot?')}>
      <div>
        <p>{trans.__('It goes for good, with the values that no other snapshot holds.')}</p>
        <p className="mlnb-Actions">
          <Button
            label={trans.__('Delete')}
            onClick={() => {
              onDone();
              void model.manage('delete', client => client.remove(entry.id));
            }}
          />
          <Button label={trans.__('Keep')} onClick={onDone} />
        </p>
      </div>
    </div>
  );
}

function Variables(props: IEntryPart): React.JSX.Element | null {
  const { model, trans, entry } = props;
  const [purging, setPurging] = useState<string | null>(null);
  const names = Object.entries(model.details(entry.id)?.variables ?? {});
  if (names.length === 0) {
    return null;
  }
  if (purging !== null) {
    return (
      <PurgeView
        {...props}
        name={purging}
        onDone={() => {
          setPurging(null);
        }}
      />
    );
  }
  return (
    <ul className="mlnb-List mlnb-Variables" aria-label={trans.__('Variables in the snapshot')}>
      {names.map(([name, variable]) => (
        <li key={name}>
          <StateIcon icon={ICONS[variable.state]} label={stateText(variable.state, trans)} />
          <span className="mlnb-Row-text">
            <span className="mlnb-Row-line">
              <VariableName name={name} type={variable.type} />
              <span className="mlnb-Row-aside">{byteSize(variable.size_bytes)}</span>
              <button
                type="button"
                className="mlnb-Link"
                aria-label={trans.__('Purge the value of %1', name)}
                title={trans.__('Take its value out of every snapshot of this notebook, for good')}
                onClick={() => {
                  setPurging(name);
                }}
              >
                {trans.__('Purge …')}
              </button>
            </span>
            {variable.reason && (
              <span className="mlnb-Row-wrapped">
                <TextWithCode text={variable.reason} />
              </span>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
