/** The picture of each state of a cell; its meaning always stands beside it in words. */

import type { LabIcon } from '@jupyterlab/ui-components';

import {
  cancelledIcon,
  cannotTellIcon,
  editedIcon,
  emptyIcon,
  goodIcon,
  keptIcon,
  staleIcon
} from '../ui/icons';
import type { ICellOrder } from './client';

const ICONS: Readonly<Record<ICellOrder['state'], LabIcon>> = {
  fresh: goodIcon,
  stale: staleIcon,
  edited: editedIcon,
  never_run: emptyIcon,
  unknown: cannotTellIcon
};

/** The icon of a cell in this state, with this tag that keeps it from running. */
export function stateIcon({ state, kept }: Pick<ICellOrder, 'state' | 'kept'>): LabIcon {
  return kept === 'skip' ? cancelledIcon : kept === 'frozen' ? keptIcon : ICONS[state];
}
