/** How two snapshots differ, as a tab of the main area. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type React from 'react';

import type { Diff, Snapshot } from '../api/types';
import { byteSize, dateTime } from '../ui/format';
import { mlnbIcon } from '../ui/icons';
import { shortType, titleOf } from './words';

/** Shows one comparison; it does not change. */
export class DiffWidget extends ReactWidget {
  constructor(
    private readonly _diff: Diff,
    private readonly _sides: readonly [before: Snapshot, after: Snapshot],
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.id = `mlnb-diff-${_diff.a}-${_diff.b}`;
    this.addClass('mlnb-Page');
    this.title.label = _trans.__('Compare snapshots');
    this.title.icon = mlnbIcon;
    this.title.closable = true;
  }

  protected override render(): React.JSX.Element {
    const diff = this._diff;
    const trans = this._trans;
    const [before, after] = this._sides;
    return (
      <>
        <h1>{trans.__('What changed between two snapshots')}</h1>
        <p>
          {trans.__('From “%1” (%2)', titleOf(before, trans), dateTime(before.created_at))}{' '}
          {trans.__('to “%1” (%2).', titleOf(after, trans), dateTime(after.created_at))}{' '}
          {trans._n('%1 cell run in between.', '%1 cell runs in between.', diff.cells_run)}{' '}
          {diff.environment_changed === true && trans.__('The environment changed.')}
          {diff.environment_changed === false && trans.__('The environment is the same.')}
        </p>
        {diff.changes.length === 0 ? (
          <p>{trans.__('All variables have the same values.')}</p>
        ) : (
          <table className="mlnb-Table">
            <thead>
              <tr>
                <th scope="col">{trans.__('Variable')}</th>
                <th scope="col">{trans.__('Change')}</th>
                <th scope="col">{trans.__('Before')}</th>
                <th scope="col">{trans.__('After')}</th>
              </tr>
            </thead>
            <tbody>
              {diff.changes.map(change => (
                <tr key={change.name}>
                  <td>
                    <code>{change.name}</code>
                  </td>
                  <td>{kindText(change.kind, trans)}</td>
                  <td>{side(change.type_before, change.size_before_bytes)}</td>
                  <td>{side(change.type_after, change.size_after_bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <p className="mlnb-Secondary">
          {trans._n(
            '%1 variable is unchanged.',
            '%1 variables are unchanged.',
            diff.unchanged.length
          )}
        </p>
      </>
    );
  }
}

function side(type: string | null, bytes: number | null): string {
  return type === null ? '–' : `${shortType(type)}, ${byteSize(bytes ?? 0)}`;
}

function kindText(kind: Diff['changes'][number]['kind'], trans: TranslationBundle): string {
  switch (kind) {
    case 'added':
      return trans.__('+ added');
    case 'removed':
      return trans.__('− removed');
    case 'changed':
      return trans.__('≠ changed');
  }
}
