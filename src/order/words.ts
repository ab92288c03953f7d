/** The states and modes of order in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { sentence } from '../ui/format';
import type { ICellOrder, OrderMode } from './client';

/** A cell's state in one or two words. */
export function stateText(state: ICellOrder['state'], trans: TranslationBundle): string {
  switch (state) {
    case 'fresh':
      return trans.__('Fresh');
    case 'stale':
      return trans.__('Stale');
    case 'edited':
      return trans.__('Edited since it ran');
    case 'never_run':
      return trans.__('Not run in this kernel');
    case 'unknown':
      return trans.__('Cannot tell');
  }
}

/** Why a cell is not fresh. */
export function reasonText({ state, reasons }: ICellOrder, trans: TranslationBundle): string {
  // for a cell that has not run, the state is the reason
  return state === 'never_run' || reasons.length === 0
    ? stateText(state, trans)
    : sentence(reasons.join('; '));
}

/** A cell's state with the reasons, as one line of plain text. */
export function orderText(order: ICellOrder, trans: TranslationBundle): string {
  const state = stateText(order.state, trans);
  const reason = reasonText(order, trans);
  return reason === state ? state : trans.__('%1: %2', state, reason.replaceAll('`', ''));
}

/** A mode as it is offered for choice. */
export function modeText(mode: OrderMode, trans: TranslationBundle): string {
  switch (mode) {
    case 'off':
      return trans.__('Off');
    case 'mark':
      return trans.__('Mark stale cells');
    case 'warn':
      return trans.__('Warn when run out of order');
    case 'block':
      return trans.__('Block runs out of order');
    case 'linear':
      return trans.__('Linear: top to bottom only');
  }
}
