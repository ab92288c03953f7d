/** What the order area asks for: mlnb in the kernel (live order) and the server (check of the saved notebook). */

import type { Call } from '../api/client';
import type { CheckReport, OrderPolicy } from '../api/types';
import type { ICell, IKernelLink } from '../tokens';

/** How strictly runs out of order are treated in a notebook. */
export type OrderMode = 'off' | 'mark' | 'warn' | 'reactive' | 'block' | 'linear';

/** The modes, mildest first. */
export const MODES: readonly OrderMode[] = ['off', 'mark', 'warn', 'reactive', 'block', 'linear'];

/** Place on the ladder: what a team's floor allows is no lower. */
export const RANK: Readonly<Record<OrderMode, number>> = {
  off: 0,
  mark: 1,
  warn: 2,
  reactive: 2,
  block: 3,
  linear: 4
};

/** The tags that keep a cell from running. */
export const KEPT_TAGS = ['skip', 'frozen'] as const;

/** A tag that keeps a cell from running. */
export type KeptTag = (typeof KEPT_TAGS)[number];

/** Where one cell stands, and why. */
export interface ICellOrder {
  readonly state: 'fresh' | 'stale' | 'edited' | 'never_run' | 'unknown';
  readonly reasons: readonly string[];
  /** Whether it is fresh because a person vouched for it. */
  readonly vouched?: boolean;
  /** The tag that keeps it from running, or empty. */
  readonly kept?: '' | KeptTag;
}

/** Where all cells of a notebook stand in its kernel. */
export interface IOrderStatus {
  readonly cells: Readonly<Record<string, ICellOrder>>;
  /** The mode in force. */
  readonly mode: OrderMode;
  /** The mildest mode that the team's policy allows; null without one. */
  readonly floor: OrderMode | null;
  /** Why a fault of mlnb's own switched order off, or empty. */
  readonly off_reason: string;
  /** The states counted; a cell with a tag that keeps it from running counts as `kept` alone. */
  readonly summary: IOrderSummary;
}

/** How many code cells are in each state. */
export interface IOrderSummary {
  readonly fresh: number;
  readonly stale: number;
  readonly edited: number;
  readonly never_run: number;
  readonly unknown: number;
  readonly kept: number;
}

/** What makes a notebook fresh: cells to run in order, and why only a restart makes it clean, or empty. */
export interface IPlan {
  readonly cells: readonly string[];
  readonly restart: string;
}

/** What to do about cells that are about to run. */
export interface IAdvice {
  readonly decision: 'run' | 'warn' | 'refuse' | 'confirm';
  readonly message: string;
  /** The cells that what is read comes from and that are not up to date. */
  readonly stale_inputs: readonly string[];
  /** The cells to run first, in order. */
  readonly plan: readonly string[];
}

/** What mode `reactive` runs after a cell; `slow` only once a person said yes. */
export interface IDependants {
  readonly cells: readonly string[];
  readonly slow: readonly string[];
}

/** What the kernel is told of a document. */
export interface IDocument {
  readonly cells: readonly ICell[];
  /** The mode that a person chose for it, or null. */
  readonly mode: OrderMode | null;
  readonly trusted: boolean;
}

/** Tells the kernel how the document reads now; answers where its cells stand. */
export async function syncOrder(kernel: IKernelLink, document: IDocument): Promise<IOrderStatus> {
  return (await kernel.call('order.sync', document)) as IOrderStatus;
}

/** Where the cells of the document stand that the kernel knows. */
export async function askStatus(kernel: IKernelLink): Promise<IOrderStatus> {
  return (await kernel.call('order.status', {})) as IOrderStatus;
}

/** What makes the whole notebook fresh, or one cell. */
export async function askPlan(kernel: IKernelLink, cellId: string | null = null): Promise<IPlan> {
  return (await kernel.call('order.plan', { cell_id: cellId })) as IPlan;
}

/** Whether these cells should run now. */
export async function askAdvice(kernel: IKernelLink, cellIds: readonly string[]): Promise<IAdvice> {
  return (await kernel.call('order.ask', { cell_ids: cellIds })) as IAdvice;
}

/** Says which cells come next, in order, on a way that does not name them; and which of those said before are over. */
export async function expectCells(
  kernel: IKernelLink,
  cellIds: readonly string[],
  ended: readonly string[]
): Promise<void> {
  await kernel.call('order.expect', { cell_ids: cellIds, ended });
}

/** What is to run after a cell in mode `reactive`. */
export async function askDependants(kernel: IKernelLink, cellId: string): Promise<IDependants> {
  return (await kernel.call('order.after', { cell_id: cellId })) as IDependants;
}

/** Says on the user's word that a cell of which mlnb cannot tell is fresh. */
export async function vouch(kernel: IKernelLink, cellId: string): Promise<IOrderStatus> {
  return (await kernel.call('order.vouch', { cell_id: cellId })) as IOrderStatus;
}

/** What a value from outside says, if it is a mode. */
export function modeFrom(value: unknown): OrderMode | null {
  return MODES.find(mode => mode === value) ?? null;
}

/** The mode in force: what was asked for, but never below the team's floor. */
export function inForce(floor: OrderMode | null, asked: OrderMode): OrderMode {
  return floor && RANK[floor] > RANK[asked] ? floor : asked;
}

/** The server's part of the order area. */
export class OrderClient {
  constructor(private readonly _call: Call) {}

  /** Checks the saved notebook at `path` without running it. */
  check(path: string): Promise<CheckReport> {
    return this._call('order/check', { method: 'POST', body: { path } });
  }

  /** What settings and the team's policy say of a notebook, for a kernel that cannot say it. */
  policy(path: string): Promise<OrderPolicy> {
    return this._call('order/policy', { query: { path } });
  }
}
