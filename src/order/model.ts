/** What the Order section shows: where the cells of the current notebook stand, and what a check of the saved one found. */

import type { ApiError } from '../api/client';
import type { CheckReport } from '../api/types';
import type { INotebook, INotebooks, LinkState } from '../tokens';
import { SectionModel } from '../ui/section_model';
import type { ICellOrder, OrderClient, OrderMode } from './client';
import { planCells, setMode } from './client';
import { OrderFollower } from './follower';

/** A cell that is not fresh, as it is listed. */
export interface IListedCell {
  readonly id: string;
  /** Position in the document, from 1. */
  readonly number: number;
  /** First line of its code. */
  readonly title: string;
  readonly order: ICellOrder;
}

/** Follows every open notebook; shows the current one. */
export class OrderModel extends SectionModel {
  constructor(
    private readonly _notebooks: INotebooks,
    private readonly _client: OrderClient,
    private readonly _say: (order: ICellOrder) => string
  ) {
    super();
    for (const notebook of _notebooks.all) {
      this._follow(notebook);
    }
    _notebooks.opened.connect((_, notebook) => {
      this._follow(notebook);
    });
    _notebooks.currentChanged.connect(() => {
      this.changed();
    });
  }

  get count(): number | null {
    return this.status ? this.listed.length : null;
  }

  /** The notebook that is shown, or null when none is open. */
  get notebook(): INotebook | null {
    return this._notebooks.current;
  }

  /** Whether mlnb in its kernel answers. */
  get link(): LinkState {
    return this.notebook?.kernel.state ?? 'none';
  }

  /** Where its cells stand; null while that is not known. */
  get status(): OrderFollower['status'] {
    return this._follower?.status ?? null;
  }

  /** Why the kernel could not say, or null. */
  get kernelError(): ApiError | null {
    return this._follower?.error ?? null;
  }

  /** Number of code cells with code in them. */
  get total(): number {
    return this._codeCells().length;
  }

  /** The cells that are not fresh, in document order. */
  get listed(): readonly IListedCell[] {
    const { status } = this;
    if (!status || status.mode === 'off') {
      return [];
    }
    return this._codeCells().filter(({ order }) => order.state !== 'fresh');
  }

  /** What the last check of this notebook found; null when there was none since it changed. */
  get report(): CheckReport | null {
    return this._checked && this._checked.notebook === this.notebook ? this._checked.report : null;
  }

  /** Sets how strictly runs out of order are treated in this notebook's kernel. */
  async setMode(mode: OrderMode): Promise<void> {
    const follower = this._follower;
    if (follower) {
      await this.act('mode', () => setMode(follower.notebook.kernel, mode));
      await follower.refresh();
    }
  }

  /** Runs what must run to make the notebook fresh, in order. */
  async runPlan(): Promise<void> {
    const follower = this._follower;
    if (follower) {
      await this.act('plan', async () => {
        await follower.refresh();
        await follower.notebook.run(await planCells(follower.notebook.kernel));
      });
    }
  }

  /** Saves the notebook and checks the saved file without running it. */
  async check(): Promise<void> {
    const { notebook } = this;
    if (notebook) {
      await this.act('check', async () => {
        await notebook.save();
        this._checked = { notebook, report: await this._client.check(notebook.path) };
      });
    }
  }

  protected async load(): Promise<void> {
    await this._follower?.refresh();
  }

  private get _follower(): OrderFollower | null {
    const { notebook } = this;
    return (notebook && this._followers.get(notebook)) ?? null;
  }

  private _codeCells(): IListedCell[] {
    const follower = this._follower;
    const status = follower?.status;
    if (!follower || !status) {
      return [];
    }
    return follower.cells.flatMap(({ id, cell_type, source }, index) => {
      const order = status.cells[id];
      const title = firstLine(source);
      return cell_type === 'code' && order && title
        ? [{ id, number: index + 1, title, order }]
        : [];
    });
  }

  private _follow(notebook: INotebook): void {
    const follower = new OrderFollower(notebook, this._say);
    this._followers.set(notebook, follower);
    follower.changed.connect(() => {
      this.changed();
    });
    notebook.changed.connect(() => {
      if (this._checked?.notebook === notebook && this.busyWith !== 'check') {
        this._checked = null;
      }
    });
    notebook.closed.connect(() => {
      this._followers.delete(notebook);
      this.changed();
    });
  }

  private readonly _followers = new Map<INotebook, OrderFollower>();
  private _checked: { readonly notebook: INotebook; readonly report: CheckReport } | null = null;
}

function firstLine(source: string): string {
  return (
    source
      .split('\n')
      .find(line => line.trim() !== '')
      ?.trim() ?? ''
  );
}
