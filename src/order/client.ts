/** What the order area asks for: mlnb in the kernel (live order) and the server (check of the saved notebook). */

import type { Call } from '../api/client';
import type { CheckReport } from '../api/types';
import type { ICell, IKernelLink } from '../tokens';

/** How strictly runs out of order are treated in a kernel. */
export type OrderMode = 'off' | 'mark' | 'warn' | 'block' | 'linear';

/** The modes, mildest first. */
export const MODES: readonly OrderMode[] = ['off', 'mark', 'warn', 'block', 'linear'];

/** Where one cell stands, and why. */
export interface ICellOrder {
  readonly state: 'fresh' | 'stale' | 'edited' | 'never_run' | 'unknown';
  readonly reasons: readonly string[];
}

/** Where all cells of a notebook stand in its kernel. */
export interface IOrderStatus {
  readonly cells: Readonly<Record<string, ICellOrder>>;
  readonly mode: OrderMode;
}

/** Tells the kernel how the document reads now, and asks where its cells stand. */
export async function syncedStatus(
  kernel: IKernelLink,
  cells: readonly ICell[]
): Promise<IOrderStatus> {
  await kernel.call('order.sync', { cells });
  return (await kernel.call('order.status', {})) as IOrderStatus;
}

/** The cells to run, in order, to make the whole notebook fresh. */
export async function planCells(kernel: IKernelLink): Promise<readonly string[]> {
  const plan = (await kernel.call('order.plan', { cell_id: null })) as {
    readonly cells: readonly string[];
  };
  return plan.cells;
}

/** Sets how strictly runs out of order are treated in this kernel. */
export async function setMode(kernel: IKernelLink, mode: OrderMode): Promise<void> {
  await kernel.call('order.set_mode', { mode });
}

/** The server's part of the order area. */
export class OrderClient {
  constructor(private readonly _call: Call) {}

  /** Checks the saved notebook at `path` without running it. */
  check(path: string): Promise<CheckReport> {
    return this._call('order/check', { method: 'POST', body: { path } });
  }
}
