/** The states and modes of order in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { ICell } from '../tokens';
import { sentence } from '../ui/format';
import type { ICellOrder, KeptTag, OrderMode } from './client';

/** How many cells a sentence names one by one. */
const MOST_NAMED = 5;

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

/** What a tag that keeps a cell from running does, in a few words. */
export function keptText(tag: KeptTag, trans: TranslationBundle): string {
  return tag === 'skip'
    ? trans.__('Skipped: it does not run')
    : trans.__('Frozen: its saved result is used');
}

/** Why a cell is as it is. */
export function reasonText({ state, reasons, kept }: ICellOrder, trans: TranslationBundle): string {
  if (kept) {
    return keptText(kept, trans);
  }
  // for a cell that has not run, the state is the reason
  return state === 'never_run' || reasons.length === 0
    ? stateText(state, trans)
    : sentence(reasons.join('; '));
}

/** A cell's state with the reasons, as one line of plain text. */
export function orderText(order: ICellOrder, trans: TranslationBundle): string {
  const state = order.kept ? keptText(order.kept, trans) : stateText(order.state, trans);
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
      return trans.__('Warn of stale inputs');
    case 'reactive':
      return trans.__('Reactive: run dependants');
    case 'block':
      return trans.__('Block on stale inputs');
    case 'linear':
      return trans.__('Linear: top to bottom only');
  }
}

/** A mode in one or two words. */
export function modeName(mode: OrderMode, trans: TranslationBundle): string {
  switch (mode) {
    case 'off':
      return trans.__('Off');
    case 'mark':
      return trans.__('Mark');
    case 'warn':
      return trans.__('Warn');
    case 'reactive':
      return trans.__('Reactive');
    case 'block':
      return trans.__('Block');
    case 'linear':
      return trans.__('Linear');
  }
}

/** "cell 3", "cells 1, 2 and 5", "cells 1, 2, 3, 4 and 12 more". */
export function cellsText(numbers: readonly number[], trans: TranslationBundle): string {
  const shown =
    numbers.length > MOST_NAMED ? numbers.slice(0, MOST_NAMED - 1) : numbers.slice(0, -1);
  const last =
    numbers.length > MOST_NAMED
      ? trans.__('%1 more', numbers.length - shown.length)
      : String(numbers.at(-1) ?? '');
  if (shown.length === 0) {
    return trans.__('cell %1', last);
  }
  return trans.__('cells %1 and %2', shown.join(', '), last);
}

/** The positions of cells in the document, from 1, as people count them. */
export function numbersOf(cellIds: readonly string[], cells: readonly ICell[]): number[] {
  const numbers = new Map(cells.map(({ id }, index) => [id, index + 1]));
  return cellIds.flatMap(id => numbers.get(id) ?? []);
}
