/**
 * Asks before cells run, and runs what must run after. Knows no screen.
 *
 * The kernel gives the advice. It is asked once for all cells that one command runs. When it runs something at the moment, or
 * does not answer in time, what it said last decides (`local_advice`); a failure lets the cells run: mlnb may cost nobody a run.
 */

import type { ICell, IKernelLink, INotebook, IQuestion, IRunGuard } from '../tokens';
import type { IAdvice, OrderMode } from './client';
import { askAdvice, askDependants, expectCells } from './client';
import type { OrderFollower } from './follower';
import { keptBy } from './follower';
import { LinearLedger } from './linear';
import { localAdvice, RUN } from './local_advice';
import { inTime, linked } from './patience';

/** How long the kernel may think about its advice. */
const PATIENCE_MS = 2000;

/** The questions in words. */
export interface IOrderQuestions {
  /** About cells that are to run although `advice` says otherwise. */
  advice(
    advice: IAdvice,
    mode: OrderMode,
    cells: readonly ICell[],
    cellIds: readonly string[]
  ): IQuestion;
  /** About a cell whose tag keeps it from running. */
  kept(cell: ICell): IQuestion;
  /** About dependants that took long when they last ran. */
  slow(cellIds: readonly string[], cells: readonly ICell[]): IQuestion;
}

/** The ids of the answers that questions offer. */
export const Answers = {
  first: 'first',
  run: 'run',
  restart: 'restart',
  untag: 'untag'
} as const;

type Admitted = ReadonlySet<string>;

const NONE: Admitted = new Set();

/** What is known of the runs of one notebook. */
interface IRuns {
  readonly ledger: LinearLedger;
  /** Cells that run or have been let through to run. */
  readonly running: Set<string>;
  /** Ends when the kernel knows the document; there is one in each turn of the event loop in which cells begin. */
  told: Promise<void> | null;
  /** Cells that run and that the kernel is not told by name; a cell that runs twice is here twice. */
  readonly unnamed: string[];
  /** Those of them that the kernel has not heard of yet. */
  readonly arriving: string[];
  /** Such cells that have ended since the kernel was last told. */
  readonly ended: Set<string>;
  /** Ends when the advice for earlier runs is given. */
  advised: Promise<unknown>;
  /** The question that waits, about these cells. */
  open: { readonly cellIds: readonly string[]; joined: Promise<Admitted> | null } | null;
}

/** The guard of the order area. */
export class OrderGuard implements IRunGuard {
  constructor(
    private readonly _followerOf: (notebook: INotebook) => OrderFollower | null,
    private readonly _questions: IOrderQuestions,
    private readonly _patienceMs = PATIENCE_MS
  ) {}

  isWatching(notebook: INotebook): boolean {
    const follower = this._followerOf(notebook);
    if (!follower) {
      return false;
    }
    const { mode } = follower;
    if (notebook.kernel.state === 'foreign') {
      return mode === 'linear' || follower.policyAsked !== null;
    }
    return isOurs(notebook) && ((mode !== 'off' && mode !== 'mark') || follower.hasKept);
  }

  async admit(notebook: INotebook, cellIds: readonly string[]): Promise<Admitted> {
    const runs = this._runsOf(notebook);
    let admitted: Admitted;
    try {
      admitted = await this._admit(notebook, runs, cellIds);
    } catch (reason) {
      console.warn('mlnb: could not decide about a run, so it runs.', reason);
      admitted = new Set(cellIds);
    }
    for (const id of admitted) {
      runs.running.add(id);
    }
    return admitted;
  }

  began(notebook: INotebook, cellId: string, isNameless = false): Promise<void> {
    const runs = this._runsOf(notebook);
    const { ledger, running } = runs;
    running.add(cellId);
    if (notebook.kernel.state === 'foreign') {
      const source = notebook.cells().find(({ id }) => id === cellId)?.source ?? '';
      ledger.begin(cellId, source, notebook.kernel.session);
    }
    if (isNameless) {
      runs.arriving.push(cellId);
      runs.unnamed.push(cellId);
    }
    return this._tell(notebook, runs);
  }

  ended(notebook: INotebook, cellId: string, isDone: boolean): void {
    const { ledger, running, unnamed, ended } = this._runsOf(notebook);
    running.delete(cellId);
    const place = unnamed.indexOf(cellId);
    if (place >= 0) {
      unnamed.splice(place, 1);
      if (!unnamed.includes(cellId)) {
        ended.add(cellId);
      }
    }
    ledger.end(cellId, isDone);
  }

  settled(notebook: INotebook, cellIds: readonly string[], isDone: boolean): void {
    const follower = this._followerOf(notebook);
    for (const id of cellIds) {
      this._runsOf(notebook).running.delete(id);
    }
    if (isDone && follower?.mode === 'reactive' && notebook.isTrusted) {
      this._react(follower, cellIds).catch((reason: unknown) => {
        console.warn('mlnb: could not run what depends on the cells that ran.', reason);
      });
    }
  }

  /**
   * An edit a moment ago reaches the kernel before the run does, once for all cells that begin together. Runs that come without the id of
   * their cell, as with server-side execution, are known by what is said here of the cells that come next, and by their source.
   */
  private _tell(notebook: INotebook, runs: IRuns): Promise<void> {
    if (!runs.told) {
      const follower = notebook.kernel.state === 'ready' ? this._followerOf(notebook) : null;
      const synced = follower
        ? inTime(
            follower.sync().then(() => expectNameless(notebook.kernel, runs)),
            this._patienceMs
          )
        : Promise.resolve();
      runs.told = synced.catch(() => undefined); // it is told again after the run, and says then what is wrong
      queueMicrotask(() => {
        runs.told = null;
      });
    }
    return runs.told;
  }

  private async _admit(
    notebook: INotebook,
    runs: IRuns,
    cellIds: readonly string[]
  ): Promise<Admitted> {
    const cells = notebook.cells();
    const kept = isOurs(notebook)
      ? cells.filter(cell => cellIds.includes(cell.id) && keptBy(cell) !== null)
      : [];
    const [only] = kept;
    if (only && cellIds.length === 1) {
      return this._askAboutKept(notebook, only);
    }
    const ids = cellIds.filter(id => !kept.some(cell => cell.id === id));
    if (ids.length === 0) {
      return NONE;
    }
    const advised = runs.advised.then(() => this._advice(notebook, runs, ids));
    runs.advised = advised.catch(() => undefined);
    const advice = await advised;
    if (advice.decision === 'run') {
      return new Set(ids);
    }
    return this._ask(notebook, runs, ids, advice);
  }

  private async _advice(
    notebook: INotebook,
    runs: IRuns,
    cellIds: readonly string[]
  ): Promise<IAdvice> {
    const { kernel } = notebook;
    const follower = this._followerOf(notebook);
    if (kernel.state === 'connecting') {
      await inTime(linked(kernel), this._patienceMs).catch(() => undefined); // late: the last word decides
    }
    if (kernel.state === 'foreign') {
      await inTime(Promise.resolve(follower?.policyAsked), this._patienceMs).catch(() => undefined);
      if (follower?.mode !== 'linear') {
        return RUN;
      }
      const missing = runs.ledger.missing(notebook.cells(), cellIds, kernel.session);
      const decision = missing.length > 0 ? 'refuse' : 'run';
      return { decision, message: '', stale_inputs: missing, plan: missing };
    }
    if (follower && runs.running.size === 0) {
      try {
        return await inTime(
          follower.sync().then(() => askAdvice(kernel, cellIds)),
          this._patienceMs
        );
      } catch {
        // too late, or a fault: the last word decides
      }
    }
    const said = {
      mode: follower?.mode ?? 'mark',
      cells: notebook.cells(),
      orders: follower?.status?.cells ?? {},
      inputs: follower?.inputs ?? new Map<string, readonly string[]>()
    };
    return localAdvice(said, cellIds, runs.running);
  }

  /** Asks the user. A question that is open already about other cells of the notebook becomes one with this one. */
  private async _ask(
    notebook: INotebook,
    runs: IRuns,
    cellIds: readonly string[],
    advice: IAdvice
  ): Promise<Admitted> {
    const before = runs.open;
    const others = before?.cellIds.filter(id => !cellIds.includes(id)) ?? [];
    const together = others.length > 0 ? [...others, ...cellIds] : cellIds;
    const mine: NonNullable<IRuns['open']> = { cellIds: together, joined: null };
    runs.open = mine;
    const asked = (async (): Promise<Admitted> => {
      const merged = others.length > 0 ? await this._advice(notebook, runs, together) : advice;
      const admitted = await this._answer(notebook, mine.cellIds, merged);
      if (runs.open === mine) {
        runs.open = null;
      }
      return mine.joined ?? admitted;
    })();
    if (before) {
      before.joined = asked;
    }
    return asked;
  }

  private async _answer(
    notebook: INotebook,
    cellIds: readonly string[],
    advice: IAdvice
  ): Promise<Admitted> {
    if (advice.decision === 'run') {
      return new Set(cellIds);
    }
    const mode = this._followerOf(notebook)?.mode ?? 'mark';
    const question = this._questions.advice(advice, mode, notebook.cells(), cellIds);
    const answer = await notebook.ask(question);
    if (answer === Answers.run) {
      return new Set(cellIds);
    }
    if (answer === Answers.first && (await notebook.run(advice.plan))) {
      return new Set(cellIds.filter(id => !advice.plan.includes(id)));
    }
    if (answer === Answers.restart) {
      void notebook.restartAndRunAll();
    }
    return NONE;
  }

  private async _askAboutKept(notebook: INotebook, cell: ICell): Promise<Admitted> {
    const tag = keptBy(cell);
    if (tag && (await notebook.ask(this._questions.kept(cell))) === Answers.untag) {
      notebook.tag(cell.id, tag, false);
      return this._admit(notebook, this._runsOf(notebook), [cell.id]);
    }
    return NONE;
  }

  private async _react(follower: OrderFollower, cellIds: readonly string[]): Promise<void> {
    const { notebook } = follower;
    await follower.refresh();
    const isAnyStale = Object.values(follower.status?.cells ?? {}).some(
      ({ state }) => state === 'stale'
    );
    if (!isAnyStale) {
      return;
    }
    const found = await Promise.all(cellIds.map(id => askDependants(notebook.kernel, id)));
    const inOrder = follower.cells.map(({ id }) => id);
    const named = new Set(found.flatMap(({ cells }) => cells));
    const slow = new Set(found.flatMap(one => one.slow));
    const isDone = await this._runNamed(notebook, inOrder, named);
    const slowOnes = inOrder.filter(id => slow.has(id));
    if (isDone && slowOnes.length > 0) {
      const answer = await notebook.ask(this._questions.slow(slowOnes, follower.cells));
      if (answer === Answers.run) {
        await this._runNamed(notebook, inOrder, slow);
      }
    }
  }

  private async _runNamed(
    notebook: INotebook,
    inOrder: readonly string[],
    named: ReadonlySet<string>
  ): Promise<boolean> {
    const ids = inOrder.filter(id => named.has(id));
    return ids.length === 0 || notebook.run(ids);
  }

  private _runsOf(notebook: INotebook): IRuns {
    const known = this._runs.get(notebook);
    if (known) {
      return known;
    }
    const runs: IRuns = {
      ledger: new LinearLedger(),
      running: new Set(),
      told: null,
      unnamed: [],
      arriving: [],
      ended: new Set(),
      advised: Promise.resolve(),
      open: null
    };
    this._runs.set(notebook, runs);
    return runs;
  }

  private readonly _runs = new WeakMap<INotebook, IRuns>();
}

/** Whether mlnb is in the kernel, or may be: it has just started. */
function isOurs({ kernel }: INotebook): boolean {
  return kernel.state === 'ready' || kernel.state === 'connecting';
}

async function expectNameless(kernel: IKernelLink, { arriving, ended }: IRuns): Promise<void> {
  const cellIds = arriving.splice(0);
  if (cellIds.length > 0) {
    const over = [...ended];
    ended.clear();
    await expectCells(kernel, cellIds, over);
  }
}
