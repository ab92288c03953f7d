/** What the Order section shows: where the cells of the current notebook stand, and what a check of the saved one found. */

import type { ApiError } from '../api/client';
import type { CheckReport } from '../api/types';
import type { ICell, INotebook, INotebooks, LinkState } from '../tokens';
import { SectionModel } from '../ui/section_model';
import type { ICellGroup, IListedCell } from './cell_groups';
import { groupsOf } from './cell_groups';
import type { ModeChoice } from './choice';
import type { ICellOrder, IPlan, KeptTag, OrderClient, OrderMode } from './client';
import { askPlan, KEPT_TAGS, RANK } from './client';
import { OrderFollower } from './follower';

/** Follows every open notebook; shows the current one. */
export class OrderModel extends SectionModel {
  constructor(
    private readonly _notebooks: INotebooks,
    private readonly _client: OrderClient,
    private readonly _choice: ModeChoice,
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

  /** Who keeps the kernel's picture of an open notebook current. */
  followerOf(notebook: INotebook): OrderFollower | null {
    return this._followers.get(notebook) ?? null;
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
    return this._codeCells().filter(({ order }) => order.state !== 'fresh' && !order.kept);
  }

  /** The same by what they come from: a cell whose only trouble is another one stands with that one, however long the chain. */
  get groups(): readonly ICellGroup[] {
    return groupsOf(this.listed);
  }

  /** The cells that a tag keeps from running, and those that the user vouched for, in document order. */
  get aside(): readonly IListedCell[] {
    return this._codeCells().filter(({ order }) => order.kept || order.vouched);
  }

  /** What would make the notebook fresh; null while that is not known. */
  get plan(): IPlan | null {
    const planned = this._planned;
    return planned && planned.status === this.status ? planned.plan : null;
  }

  /** The mode in force. */
  get mode(): OrderMode {
    return this._follower?.mode ?? 'mark';
  }

  /** The mildest mode that the team's policy allows here; null without one. */
  get floor(): OrderMode | null {
    return this._follower?.floor ?? null;
  }

  /** The mode that a person chose for this notebook, or null. */
  get chosen(): OrderMode | null {
    return this.notebook && this._choice.in(this.notebook);
  }

  /** The mode of the user's settings, or null. */
  get own(): OrderMode | null {
    return this._choice.own;
  }

  /** Whether `mode` can be chosen here: the team's policy allows it, and so does the kernel's language. */
  allows(mode: OrderMode): boolean {
    if (this.link === 'foreign' && mode !== 'off' && mode !== 'linear') {
      return false;
    }
    const { floor } = this;
    return floor === null || RANK[mode] >= RANK[floor];
  }

  /** What the last check of this notebook found; null when there was none since it changed. */
  get report(): CheckReport | null {
    return this._checked && this._checked.notebook === this.notebook ? this._checked.report : null;
  }

  /** Keeps a person's choice of mode in the notebook; null for "as in my settings". */
  async choose(mode: OrderMode | null): Promise<void> {
    const follower = this._follower;
    if (follower) {
      this._choice.set(follower.notebook, mode);
      await follower.refresh();
    }
  }

  /** Runs what must run to make the notebook fresh, in order. */
  async runPlan(): Promise<void> {
    const follower = this._follower;
    if (follower) {
      await this.act('plan', async () => {
        await follower.sync();
        const plan = await askPlan(follower.notebook.kernel);
        await follower.notebook.run(plan.cells);
        await follower.refresh();
      });
    }
  }

  /** Runs what one cell needs, and the cell. */
  async runFor(cellId: string): Promise<void> {
    const follower = this._follower;
    if (follower) {
      await this.act('plan', async () => {
        await follower.sync();
        const plan = await askPlan(follower.notebook.kernel, cellId);
        await follower.notebook.run(plan.cells);
      });
    }
  }

  /** Restarts the kernel, after Jupyter's question, and runs all cells. */
  async restart(): Promise<void> {
    const { notebook } = this;
    if (notebook) {
      await this.act('restart', () => notebook.restartAndRunAll());
    }
  }

  /** Takes a cell of which mlnb cannot tell for fresh, on the user's word. */
  async vouch(cellId: string): Promise<void> {
    const follower = this._follower;
    if (follower) {
      await this.act('vouch', () => follower.vouch(cellId));
    }
  }

  /** Gives a cell a tag that keeps it from running, in place of the other one; or takes it away. */
  keep(cellId: string, tag: KeptTag, isOn: boolean): void {
    for (const other of isOn ? KEPT_TAGS : []) {
      if (other !== tag) {
        this.notebook?.tag(cellId, other, false);
      }
    }
    this.notebook?.tag(cellId, tag, isOn);
  }

  /** A cell of the current notebook with what is known of it; null when nothing is. */
  cell(cellId: string | null): { readonly cell: ICell; readonly order: ICellOrder } | null {
    const cell = this._follower?.cells.find(({ id }) => id === cellId);
    const order = cell && this.status?.cells[cell.id];
    return cell && order ? { cell, order } : null;
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
    await this._loadPlan();
  }

  /** The plan is asked for while somebody looks and there is something to do. */
  private async _loadPlan(): Promise<void> {
    const { notebook, status } = this;
    if (notebook?.kernel.state === 'ready' && status && this.listed.length > 0) {
      this._planned = { status, plan: await askPlan(notebook.kernel) };
    }
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
    const follower = new OrderFollower(notebook, this._choice, this._say, path =>
      this._client.policy(path)
    );
    this._followers.set(notebook, follower);
    follower.changed.connect(() => {
      this._onFollower(follower);
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

  private _onFollower(follower: OrderFollower): void {
    this.changed();
    if (this.isActive && follower === this._follower && !this.plan) {
      this._loadPlan().then(
        () => {
          this.changed();
        },
        () => undefined // the follower says what is wrong with the kernel
      );
    }
  }

  private _planned: {
    readonly status: OrderFollower['status'];
    readonly plan: IPlan;
  } | null = null;
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
