/** What going back did, with the way to undo it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';

import { Button, StateIcon, TextWithCode } from '../ui/components';
import { goodIcon, staleIcon } from '../ui/icons';
import type { IPart } from './part';
import type { IArrival } from './travel';
import { entryTitle } from './words';

/** The strip at the top of the section. */
export function Arrival(props: IPart & { readonly arrival: IArrival }): React.JSX.Element {
  const { model, trans, arrival } = props;
  const { restored } = arrival;
  const lost = Object.entries(restored?.not_restored ?? {});
  const isPart = lost.length > 0 || arrival.isRerunFailed;
  return (
    <div className="mlnb-Message mlnb-mod-note mlnb-Arrival" role="status">
      <StateIcon
        icon={isPart ? staleIcon : goodIcon}
        label={isPart ? trans.__('Restored in part') : trans.__('Restored')}
      />
      <div>
        <p>
          <strong>{headline(props)}</strong> {factsOf(arrival, trans)}
        </p>
        {arrival.isRerunFailed && (
          <p>{trans.__('A cell that was run again failed. The cells after it did not run.')}</p>
        )}
        {lost.length > 0 && (
          <ul className="mlnb-List" aria-label={trans.__('Not restored')}>
            {lost.map(([name, reason]) => (
              <li key={name}>
                <code>{name}</code>: <TextWithCode text={reason} />
              </li>
            ))}
          </ul>
        )}
        <p className="mlnb-Actions">
          {restored && arrival.kind === 'run_undone' && (
            <Button
              label={trans.__('Redo run')}
              isDisabled={!model.canTravel}
              onClick={() => void model.turns.take(() => model.travel.redoRun())}
            />
          )}
          {restored && arrival.kind !== 'run_undone' && arrival.kind !== 'undone' && (
            <Button
              label={trans.__('Undo')}
              title={trans.__('Go back to where you were before')}
              isDisabled={!model.canTravel}
              onClick={() => void model.turns.take(() => model.travel.undo())}
            />
          )}
          {restored && arrival.kind === 'undone' && (
            <Button
              label={trans.__('Redo')}
              isDisabled={!model.canTravel}
              onClick={() => void model.turns.take(() => model.travel.redo())}
            />
          )}
          <Button
            label={trans.__('Dismiss')}
            onClick={() => {
              model.travel.dismiss();
            }}
          />
        </p>
      </div>
    </div>
  );
}

function headline({ model, trans, arrival }: IPart & { readonly arrival: IArrival }): string {
  const { entry, kind } = arrival;
  const where = entry ? entryTitle(entry, model.notebook?.cells() ?? [], trans) : '';
  switch (kind) {
    case 'run_undone':
      return trans.__('The run is undone.');
    case 'undone':
      return trans.__('Undone: all is as it was before you went back.');
    case 'redone':
      return trans.__('Done again.');
    case 'back':
      return where ? trans.__('Back at “%1”.', where) : trans.__('Restored.');
  }
}

function factsOf({ restored, withDocument }: IArrival, trans: TranslationBundle): string {
  if (!restored) {
    return trans.__('The document is as it was; variables were left as they are.');
  }
  const back = restored.restored.length + restored.recomputed.length;
  const facts = [
    trans._n('%1 variable is as it was.', '%1 variables are as they were.', back),
    withDocument ? trans.__('So is the document.') : '',
    restored.removed.length > 0
      ? trans.__('Removed, because there were none then: %1.', restored.removed.join(', '))
      : ''
  ];
  return facts.filter(Boolean).join(' ');
}
