/** The History section on the screen. */

import type React from 'react';

import { Button, EmptyState, SectionBody, StateIcon } from '../ui/components';
import { goodIcon } from '../ui/icons';
import { Arrival } from './arrival_view';
import type { IPart } from './part';
import { Timeline } from './timeline_view';
import { Upkeep } from './upkeep_view';
import { timeOfDay } from './words';

/** Everything below the section's header. */
export function SnapshotsView(
  props: IPart & { readonly onNewNotebook: () => void }
): React.JSX.Element {
  const { model, trans } = props;
  const { arrival } = model.travel;
  const isEmpty = model.notebook === null || model.isEmpty;
  return (
    <SectionBody model={model} trans={trans}>
      {!isEmpty && <Bar {...props} />}
      {(arrival ?? model.note) && (
        <div className="mlnb-Strips">
          {arrival && <Arrival {...props} arrival={arrival} />}
          {model.note && <Note {...props} />}
        </div>
      )}
      {isEmpty ? (
        <Empty {...props} />
      ) : (
        <>
          <Resume {...props} />
          <Timeline {...props} />
          <Upkeep {...props} />
        </>
      )}
    </SectionBody>
  );
}

function Empty({
  model,
  trans,
  onTake,
  onNewNotebook
}: IPart & { readonly onNewNotebook: () => void }): React.JSX.Element {
  if (!model.notebook) {
    return (
      <EmptyState
        text={trans.__(
          'History brings any earlier state of a notebook back: its text, its outputs, and the variables in its kernel. Open a notebook, or begin a new one.'
        )}
        action={{ label: trans.__('New notebook'), onClick: onNewNotebook }}
      />
    );
  }
  const isBySelf = model.auto !== 'off';
  return (
    <EmptyState
      text={
        isBySelf
          ? trans.__(
              'Run a cell: its state is kept here by itself, with outputs and variables, and you can go back to it at any time. Or take a snapshot of your own and give it a name.'
            )
          : trans.__(
              'A snapshot freezes the notebook, its outputs and the variables in its kernel. Go back to it whenever you want that state again.'
            )
      }
      action={{
        label: trans.__('Take a snapshot'),
        onClick: onTake,
        isDisabled: model.busyWith !== null
      }}
    />
  );
}

function Note({ model, trans, onDownload }: IPart): React.JSX.Element {
  const { noteFile: file } = model;
  return (
    <div className="mlnb-Message mlnb-mod-note" role="status">
      <StateIcon icon={goodIcon} label={trans.__('Done')} />
      <div>
        <p>{model.note}</p>
        <p className="mlnb-Actions">
          {file !== null && (
            <Button
              label={trans.__('Download')}
              title={trans.__('Save it on the computer of this browser')}
              onClick={() => {
                onDownload(file);
              }}
            />
          )}
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

/** A kernel in which nothing is yet, while there is a state to begin from. */
function Resume({ model, trans }: IPart): React.JSX.Element | null {
  const last = model.entries.find(entry => entry.has_kernel && entry.variables > 0);
  if (!model.where?.is_new || !last) {
    return null;
  }
  return (
    <div className="mlnb-Message mlnb-mod-note">
      <div>
        <p>
          {trans.__(
            'The kernel is new and holds nothing. The last state is from %1.',
            timeOfDay(last.created_at)
          )}
        </p>
        <p className="mlnb-Actions">
          <Button
            isPrimary
            label={trans.__('Bring variables back')}
            title={trans.__('Fill the new kernel with the variables of the last state')}
            isDisabled={!model.canTravel}
            onClick={() =>
              void model.turns.take(() =>
                last.is_trusted ? model.travel.resume(last) : model.travel.consider(last)
              )
            }
          />
        </p>
      </div>
    </div>
  );
}

function Bar({ model, trans }: IPart): React.JSX.Element {
  const { travel, turns, lastClean, here, where } = model;
  const isThere = lastClean === null || (lastClean === here && where?.runs === 0);
  const isReady = model.canTravel && where !== null;
  return (
    <>
      <div className="mlnb-Bar mlnb-HistoryBar">
        <Button
          label={trans.__('Back to the last clean state')}
          title={trans.__(
            'Bring back notebook and variables as they were when no cell was stale or had failed'
          )}
          isDisabled={!isReady || isThere}
          onClick={() => void turns.take(() => travel.backToClean())}
        />
        <Button
          label={trans.__('Undo run')}
          title={trans.__('Undo the last cell run, with its variables and outputs')}
          isDisabled={!isReady || travel.beforeRun === null}
          onClick={() => void turns.take(() => travel.undoRun())}
        />
        {travel.canRedoRun && (
          <Button
            label={trans.__('Redo run')}
            title={trans.__('Bring back what the run had made that was undone')}
            isDisabled={!isReady}
            onClick={() => void turns.take(() => travel.redoRun())}
          />
        )}
      </div>
      <div className="mlnb-Bar">
        <select
          className="mlnb-Select"
          aria-label={trans.__('Which states are shown')}
          value={model.which}
          onChange={event => {
            const { value } = event.target;
            model.filter(value === 'named' || value === 'jobs' ? value : 'all');
          }}
        >
          <option value="all">{trans.__('All states')}</option>
          <option value="named">{trans.__('Named')}</option>
          <option value="jobs">{trans.__('Of jobs and runs')}</option>
        </select>
      </div>
    </>
  );
}
