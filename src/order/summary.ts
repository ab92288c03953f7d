/** Where a notebook stands as a whole, in one line. Knows no screen. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { LinkState } from '../tokens';
import type { IOrderStatus, IOrderSummary, OrderMode } from './client';

/** How the line looks. */
export type SummaryKind = 'clean' | 'stale' | 'not_run' | 'unknown' | 'off' | 'fault' | 'linear';

/** A line and what stands behind it. */
export interface IOrderSummaryLine {
  readonly kind: SummaryKind;
  readonly text: string;
  /** The same at more length, for the tooltip and the section. */
  readonly detail: string;
}

/**
 * What to say of a notebook; null when there is nothing to say.
 *
 * @param link - whether mlnb in its kernel answers
 * @param status - what the kernel says, or null
 * @param mode - the mode asked for, where the kernel cannot say
 */
export function summaryLine(
  link: LinkState,
  status: IOrderStatus | null,
  mode: OrderMode,
  trans: TranslationBundle
): IOrderSummaryLine | null {
  if (link === 'foreign' && mode === 'linear') {
    return {
      kind: 'linear',
      text: trans.__('Top to bottom only'),
      detail: trans.__('A cell runs only when all code above it has run, in order')
    };
  }
  if (link !== 'ready' || !status) {
    return null;
  }
  if (status.mode === 'off') {
    return status.off_reason
      ? { kind: 'fault', text: trans.__('Order is off: a fault'), detail: status.off_reason }
      : {
          kind: 'off',
          text: trans.__('Order is off'),
          detail: trans.__('mlnb does not watch the order in this notebook')
        };
  }
  return countedLine(status, trans);
}

/** How many cells are not fresh, by what they are: "39 stale", "5 not run". Cells that a tag keeps from running do not count. */
export function notFreshTexts(
  { stale, edited, never_run, unknown }: Omit<IOrderSummary, 'fresh' | 'kept'>,
  trans: TranslationBundle
): string[] {
  return [
    [stale + edited, trans.__('%1 stale', stale + edited)] as const,
    [never_run, trans.__('%1 not run', never_run)] as const,
    [unknown, trans.__('%1 cannot be told', unknown)] as const
  ].flatMap(([count, words]) => (count > 0 ? words : []));
}

function countedLine(status: IOrderStatus, trans: TranslationBundle): IOrderSummaryLine | null {
  const { fresh, stale, edited, never_run, unknown, kept } = status.summary;
  if (fresh + stale + edited + never_run + unknown === 0) {
    return null;
  }
  const texts = notFreshTexts(status.summary, trans);
  const counts = [
    ...(fresh > 0 ? [trans.__('%1 fresh', fresh)] : []),
    ...texts,
    ...(kept > 0 ? [trans.__('%1 skipped or frozen', kept)] : [])
  ].join(', ');
  const detail =
    edited > 0 ? trans._n('%2; %1 was edited', '%2; %1 were edited', edited, counts) : counts;
  const andMore = ['', ...texts.slice(1)].join(', ');
  if (stale + edited > 0) {
    const count = stale + edited;
    const text = trans._n('%1 cell stale', '%1 cells stale', count);
    return { kind: 'stale', text: `${text}${andMore}`, detail };
  }
  if (never_run > 0) {
    const text =
      fresh + unknown === 0
        ? trans.__('Not run yet')
        : trans._n('%1 cell not run', '%1 cells not run', never_run);
    return { kind: 'not_run', text: `${text}${andMore}`, detail };
  }
  if (unknown > 0) {
    const text = trans._n('Cannot tell of %1 cell', 'Cannot tell of %1 cells', unknown);
    return { kind: 'unknown', text, detail };
  }
  const vouched = Object.values(status.cells).filter(one => one.vouched === true).length;
  return {
    kind: 'clean',
    text: trans.__('Equals a clean run'),
    detail:
      vouched > 0
        ? trans._n(
            '%2; you vouched for %1 of them',
            '%2; you vouched for %1 of them',
            vouched,
            detail
          )
        : detail
  };
}
