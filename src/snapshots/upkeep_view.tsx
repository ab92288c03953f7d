/** What the history of the notebook costs, and whether it goes on by itself. */

import type React from 'react';

import { Button } from '../ui/components';
import { byteSize } from '../ui/format';
import type { IPart } from './part';

/** The foot of the section. */
export function Upkeep({ model, trans, onImport }: IPart): React.JSX.Element {
  const { usage, notebook } = model;
  const own = usage?.notebooks.find(row => row.notebook === notebook?.path);
  const isOff = model.auto === 'off';
  const clean = async (): Promise<void> => {
    const done = await model.manage('clean', client => client.clean());
    if (done) {
      await model.say(
        trans._n(
          '%1 old state was removed; %2 were freed.',
          '%1 old states were removed; %2 were freed.',
          done.snapshots.length,
          byteSize(done.size_bytes)
        )
      );
    }
  };
  return (
    <div className="mlnb-Upkeep">
      {usage && (
        <p className="mlnb-Summary">
          <span>
            {trans.__(
              'This notebook %1 · all %2 of %3.',
              byteSize(own?.size_bytes ?? 0),
              byteSize(usage.size_bytes + usage.unused_bytes),
              byteSize(usage.cap_bytes)
            )}
          </span>
        </p>
      )}
      <p className="mlnb-Summary">
        <span>
          {isOff
            ? trans.__('Nothing is kept by itself in this notebook.')
            : trans.__(
                'States are kept by themselves. Variables beyond %1 are left to recompute.',
                byteSize(usage?.cap_notebook_bytes ?? 2 ** 31)
              )}{' '}
          <button
            type="button"
            className="mlnb-Link"
            title={
              isOff
                ? trans.__('Keep the state after each cell run by itself')
                : trans.__('Keep nothing by itself in this notebook')
            }
            onClick={() => void model.setAuto(isOff ? null : 'off')}
          >
            {isOff ? trans.__('On') : trans.__('Off')}
          </button>
        </span>
      </p>
      <p className="mlnb-Actions mlnb-Padded">
        <Button
          label={trans.__('Import …')}
          title={trans.__('Take over a snapshot that was exported to a file')}
          isDisabled={model.busyWith !== null}
          onClick={onImport}
        />
        <Button
          label={trans.__('Clear away')}
          title={trans.__('Remove now what the rules do not keep')}
          isDisabled={model.busyWith !== null}
          onClick={() => void clean()}
        />
      </p>
    </div>
  );
}
