/** Snapshots in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { Snapshot, Variable } from '../api/types';
import { timeAgo } from '../ui/format';

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

/** The title of a snapshot: why it was taken, else when. */
export function titleOf(snapshot: Snapshot, trans: TranslationBundle): string {
  return snapshot.reason || trans.__('Taken %1', timeAgo(snapshot.created_at));
}

/** A type without the module in front of it. */
export function shortType(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}
