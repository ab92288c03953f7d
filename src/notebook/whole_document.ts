/** The whole document of an open notebook: what it holds on the screen, and another content in its place, in one edit. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { IDocumentContent, IWholeDocument } from '../tokens';

type Panel = Pick<NotebookPanel, 'content' | 'context' | 'disposed'>;
type SharedCell = ReturnType<Panel['context']['model']['sharedModel']['getCell']>;
type CellContent = IDocumentContent['cells'][number];
type Inserted = Parameters<Panel['context']['model']['sharedModel']['insertCell']>[1];

/** That of one NotebookPanel. */
export class WholeDocument implements IWholeDocument, IDisposable {
  constructor(private readonly _panel: Panel) {
    NotebookActions.executed.connect(this._onExecuted, this);
    _panel.context.saveState.connect(this._onSave, this);
    void _panel.context.ready.then(() => {
      if (!this._isDisposed) {
        _panel.context.model.contentChanged.connect(this._onEdit, this);
      }
    });
  }

  get edited(): Signal<this, void> {
    return this._edited;
  }

  get saved(): Signal<this, void> {
    return this._saved;
  }

  get executed(): Signal<this, string> {
    return this._executed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get isReadOnly(): boolean {
    return this._panel.context.model.readOnly;
  }

  content(): IDocumentContent {
    return this._panel.context.model.toJSON() as unknown as IDocumentContent;
  }

  replace(content: IDocumentContent, part: 'all' | 'outputs', isTrusted: boolean): void {
    const shared = this._panel.context.model.sharedModel;
    // what the user typed a moment ago stays an edit of its own
    const { undoManager } = shared as { undoManager?: { stopCapturing(): void } };
    undoManager?.stopCapturing();
    shared.transact(() => {
      if (part === 'all') {
        this._replaceAll(content.cells.map(cell => withTrust(cell, isTrusted)));
      } else {
        this._replaceOutputs(content.cells);
      }
    });
    undoManager?.stopCapturing();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    NotebookActions.executed.disconnect(this._onExecuted, this);
    Signal.clearData(this);
  }

  /** Cells that are alike at the beginning and the end stay as they are, with cursors and what is scrolled. */
  private _replaceAll(cells: readonly CellContent[]): void {
    const shared = this._panel.context.model.sharedModel;
    const now = shared.cells;
    const most = Math.min(now.length, cells.length);
    const idOf = (cell: CellContent | undefined): unknown => cell?.['id'];
    let first = 0;
    while (first < most && now[first]?.getId() === idOf(cells[first])) {
      first += 1;
    }
    let last = 0;
    while (
      last < most - first &&
      now[now.length - 1 - last]?.getId() === idOf(cells[cells.length - 1 - last])
    ) {
      last += 1;
    }
    const put = (
      index: number,
      old: SharedCell | undefined,
      cell: CellContent | undefined
    ): void => {
      if (cell && !isSame(old, cell)) {
        shared.deleteCell(index);
        shared.insertCell(index, cell as Inserted);
      }
    };
    for (let back = 1; back <= last; back++) {
      put(now.length - back, now[now.length - back], cells[cells.length - back]);
    }
    if (now.length - last > first) {
      shared.deleteCellRange(first, now.length - last);
    }
    if (cells.length - last > first) {
      shared.insertCells(first, cells.slice(first, cells.length - last) as Inserted[]);
    }
    for (let index = 0; index < first; index++) {
      put(index, now[index], cells[index]);
    }
  }

  /** Outputs and numbers of cells that both have; what was typed stays. */
  private _replaceOutputs(cells: readonly CellContent[]): void {
    const then = new Map(cells.map(cell => [cell['id'], cell]));
    for (const cell of this._panel.context.model.sharedModel.cells) {
      const old = then.get(cell.getId());
      if (
        cell.cell_type === 'code' &&
        old?.['cell_type'] === 'code' &&
        !hasSameOutputs(cell, old)
      ) {
        const code = cell as unknown as ICodeCell;
        code.setOutputs(old['outputs'] ?? []);
        code.execution_count = (old['execution_count'] ?? null) as number | null;
      }
    }
  }

  private _onExecuted(
    _: unknown,
    { notebook, cell }: { notebook: NotebookPanel['content']; cell: { model: { id: string } } }
  ): void {
    if (notebook === this._panel.content) {
      this._executed.emit(cell.model.id);
    }
  }

  private _onSave(_: unknown, state: string): void {
    if (state === 'completed') {
      this._saved.emit();
    }
  }

  private _onEdit(): void {
    this._edited.emit();
  }

  private readonly _edited = new Signal<this, void>(this);
  private readonly _saved = new Signal<this, void>(this);
  private readonly _executed = new Signal<this, string>(this);
  private _isDisposed = false;
}

interface ICodeCell {
  execution_count: number | null;
  setOutputs(outputs: unknown): void;
}

/** What a document says of itself does not count: it may come from anybody. */
function withTrust(cell: CellContent, isTrusted: boolean): CellContent {
  return { ...cell, metadata: { ...(cell['metadata'] as object), trusted: isTrusted } };
}

/** Whether a cell on the screen holds what `cell` does; metadata are not compared, they hold how it is shown. */
function isSame(now: SharedCell | undefined, cell: CellContent): boolean {
  return (
    now !== undefined &&
    now.cell_type === cell['cell_type'] &&
    now.getSource() === textOf(cell['source']) &&
    (now.cell_type !== 'code' || hasSameOutputs(now, cell))
  );
}

function hasSameOutputs(now: SharedCell, cell: CellContent): boolean {
  const { outputs, execution_count } = now.toJSON() as Partial<Record<string, unknown>>;
  return (
    execution_count === (cell['execution_count'] ?? null) &&
    JSON.stringify(outputs ?? []) === JSON.stringify(cell['outputs'] ?? [])
  );
}

function textOf(source: unknown): string {
  return Array.isArray(source) ? source.join('') : typeof source === 'string' ? source : '';
}
