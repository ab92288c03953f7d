/** Which notebooks are open, and which one is meant. */

import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

import type { INotebook, INotebooks, IRunGuard } from '../tokens';
import type { INotebookHost } from './open_notebook';
import { OpenNotebook } from './open_notebook';

/** Follows the notebook tracker. */
export class Notebooks implements INotebooks {
  constructor(
    private readonly _tracker: INotebookTracker,
    private readonly _options: INotebookHost
  ) {
    _tracker.forEach(panel => {
      this._add(panel);
    });
    _tracker.widgetAdded.connect((_, panel) => {
      this._add(panel);
    });
    _tracker.currentChanged.connect(this._onCurrent, this);
    _options.gate.find = model =>
      this.all.find(notebook => notebook.panel.context.model === model) ?? null;
  }

  get current(): OpenNotebook | null {
    const panel = this._tracker.currentWidget;
    return (panel && this._open.get(panel)) ?? null;
  }

  get currentChanged(): Signal<this, OpenNotebook | null> {
    return this._currentChanged;
  }

  get opened(): Signal<this, OpenNotebook> {
    return this._opened;
  }

  get all(): readonly OpenNotebook[] {
    return [...this._open.values()];
  }

  of(widget: Widget): INotebook | null {
    return this._open.get(widget as NotebookPanel) ?? null;
  }

  guardRuns(guard: IRunGuard): void {
    this._options.gate.guard = guard;
  }

  private _add(panel: NotebookPanel): void {
    const notebook = new OpenNotebook(panel, this._options);
    this._open.set(panel, notebook);
    notebook.closed.connect(() => {
      this._open.delete(panel);
    });
    this._opened.emit(notebook);
    this._onCurrent();
  }

  private _onCurrent(): void {
    if (this.current !== this._told) {
      this._told = this.current;
      this._currentChanged.emit(this._told);
    }
  }

  private readonly _open = new Map<NotebookPanel, OpenNotebook>();
  private readonly _currentChanged = new Signal<this, OpenNotebook | null>(this);
  private readonly _opened = new Signal<this, OpenNotebook>(this);
  private _told: OpenNotebook | null = null;
}
