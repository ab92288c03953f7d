/** Snapshots in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { Entry, PreviewedVariable, Snapshot, Variable } from '../api/types';
import type { ICell } from '../tokens';
import { timeAgo } from '../ui/format';
import type { ICellChange } from './changes';

/** What a variable's state means. */
export function stateText(state: Variable['state'], trans: TranslationBundle): string {
  switch (state) {
    case 'saved':
      return trans.__('Saved');
    case 'recompute':
      return trans.__('Comes back by running cells again');
    case 'not_restorable':
      return trans.__('Cannot be restored');
  }
}

/** What a restore does with a variable. */
export function actionText(variable: PreviewedVariable, trans: TranslationBundle): string {
  switch (variable.action) {
    case 'keep':
      return trans.__('Still as it was');
    case 'load':
      return trans.__('Comes back as it was');
    case 'consent':
      return trans.__('Comes back once you trust who made it');
    case 'recompute':
      return trans.__('Comes back by running cells again');
    case 'leave':
      return trans.__('Does not come back');
  }
}

/** What going back does to a cell. */
export function changeText(kind: ICellChange['kind'], trans: TranslationBundle): string {
  switch (kind) {
    case 'comes':
      return trans.__('comes back');
    case 'goes':
      return trans.__('goes');
    case 'text':
      return trans.__('gets its old text');
    case 'outputs':
      return trans.__('gets its old outputs');
  }
}

/** The title of a snapshot: why it was taken, else when. */
export function titleOf(snapshot: Snapshot, trans: TranslationBundle): string {
  return snapshot.reason || trans.__('Taken %1', timeAgo(snapshot.created_at));
}

/** The title of an entry: its name, or what happened before it. */
export function entryTitle(
  entry: Entry,
  cells: readonly ICell[],
  trans: TranslationBundle
): string {
  if (entry.name) {
    return entry.name;
  }
  switch (entry.kind) {
    case 'document':
      return trans.__('Text as typed');
    case 'before':
      return trans.__('Before going back');
    default:
      return runTitle(entry, cells, trans);
  }
}

function runTitle(entry: Entry, cells: readonly ICell[], trans: TranslationBundle): string {
  const number = cells.findIndex(({ id }) => id === entry.cell_id) + 1;
  if (entry.succeeded === false) {
    return number > 0 ? trans.__('Cell %1 failed', number) : trans.__('A cell failed');
  }
  if (entry.succeeded === null) {
    return trans.__('Before any cell ran');
  }
  return number > 0
    ? trans.__('After cell %1', number)
    : trans.__('After a cell that is gone since');
}

/** The first line of the cell that ran last, as it reads now; empty when it is gone. */
export function entryCode(entry: Entry, cells: readonly ICell[]): string {
  if (entry.kind !== 'auto') {
    return '';
  }
  const source = cells.find(({ id }) => id === entry.cell_id)?.source ?? '';
  return source.trim().split('\n')[0] ?? '';
}

/** "14:05" for an ISO 8601 time, in the local time zone. */
export function timeOfDay(iso: string): string {
  return new Date(iso).toLocaleTimeString(undefined, { timeStyle: 'short' });
}

/** "Today", "Yesterday" or a date. */
export function dayText(iso: string, trans: TranslationBundle, now = new Date()): string {
  const date = new Date(iso);
  const before = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (date.toDateString() === now.toDateString()) {
    return trans.__('Today');
  }
  return date.toDateString() === before.toDateString()
    ? trans.__('Yesterday')
    : date.toLocaleDateString(undefined, { dateStyle: 'full' });
}

/** A type without the module in front of it. */
export function shortType(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}
