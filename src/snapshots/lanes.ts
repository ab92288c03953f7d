/** How a history is laid out: days, and branches as lanes beside each other. Knows no screen. */

import type { Entry } from '../api/types';

/** One row of the history. */
export interface IHistoryRow {
  readonly entry: Entry;
  /** The lane of its dot; 0 is the one that leads to where the kernel stands. */
  readonly lane: number;
  /** Lanes that come from the row above, by number. */
  readonly above: readonly number[];
  /** Lanes that go on to the row below. */
  readonly below: readonly number[];
  /** Lanes that end here, because this is where they branched off. */
  readonly joins: readonly number[];
}

/** Rows of one day, newest first. */
export interface IDay {
  /** Date in the local time zone, as the browser writes it. */
  readonly day: string;
  readonly rows: readonly IHistoryRow[];
}

/** More branches than these share the last lane. */
export const MOST_LANES = 5;

/**
 * Lays out entries, newest first.
 *
 * @param entries - some of a history; parents that are not among them lie further down
 * @param here - where the kernel stands; its branch is lane 0, or null
 */
export function rowsFromEntries(entries: readonly Entry[], here: string | null): IHistoryRow[] {
  const known = new Set(entries.map(({ id }) => id));
  const waiting: (string | null)[] = []; // for each lane the entry that it leads to
  let isHereSeen = here === null || !known.has(here);
  if (!isHereSeen) {
    waiting.push(null); // kept free
  }
  return entries.map(entry => {
    const above = lanesIn(waiting);
    const joins = above.filter(lane => waiting[lane] === entry.id);
    let lane = joins[0] ?? -1;
    if (entry.id === here) {
      lane = 0;
      isHereSeen = true;
    } else if (lane < 0) {
      lane = waiting.findIndex((to, index) => to === null && (index > 0 || isHereSeen));
      lane = lane < 0 ? waiting.length : lane;
    }
    for (const joined of joins) {
      waiting[joined] = null;
    }
    waiting[lane] = entry.parent ?? null;
    return {
      entry,
      lane,
      above,
      below: lanesIn(waiting),
      joins: joins.filter(one => one !== lane)
    };
  });
}

/** Rows by the day on which their entries were taken. */
export function daysFromRows(rows: readonly IHistoryRow[]): IDay[] {
  const days: { day: string; rows: IHistoryRow[] }[] = [];
  for (const row of rows) {
    const day = new Date(row.entry.created_at).toDateString();
    const last = days.at(-1);
    if (last?.day === day) {
      last.rows.push(row);
    } else {
      days.push({ day, rows: [row] });
    }
  }
  return days;
}

function lanesIn(waiting: readonly (string | null)[]): number[] {
  return waiting.flatMap((to, lane) => (to === null ? [] : [lane]));
}
