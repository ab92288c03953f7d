/** Taking the value of a variable out of every snapshot of the notebook: what it will do, and then what it did. */

import type React from 'react';

import { Button } from '../ui/components';
import { byteSize } from '../ui/format';
import type { IPart } from './part';

/** The question, in place of the list of variables. */
export function PurgeView(
  props: IPart & { readonly name: string; readonly onDone: () => void }
): React.JSX.Element {
  const { model, trans, name, onDone } = props;
  const purge = async (): Promise<void> => {
    const path = model.notebook?.path ?? '';
    const done = await model.manage('purge', client => client.purge(name, path));
    if (!done) {
      return;
    }
    const traces = [...new Set(done.traces.map(({ what }) => what))]; // each state has its own
    const said = [
      trans._n(
        'The value of %2 is gone from %1 snapshot; %3 were freed.',
        'The value of %2 is gone from %1 snapshots; %3 were freed.',
        done.snapshots.length,
        name,
        byteSize(done.size_bytes)
      ),
      traces.length > 0 ? trans.__('Its text still shows in: %1.', traces.join(', ')) : '',
      done.live.length > 0
        ? trans.__('A running kernel may still hold it: delete it there with “del %1”.', name)
        : ''
    ];
    onDone();
    await model.say(said.filter(Boolean).join(' '));
  };
  return (
    <div className="mlnb-Message" role="group" aria-label={trans.__('Purge the value of %1', name)}>
      <div>
        <p>
          {trans.__('The value of')} <code>{name}</code>{' '}
          {trans.__(
            'goes out of every snapshot of this notebook, for good, and so do variables that share objects with it. Everything else stays. This cannot be undone.'
          )}
        </p>
        <p className="mlnb-Actions">
          <Button
            label={trans.__('Purge')}
            isDisabled={model.busyWith !== null}
            onClick={() => void purge()}
          />
          <Button label={trans.__('Keep')} onClick={onDone} />
        </p>
      </div>
    </div>
  );
}
