/** An open notebook as the areas see it: the adapter between JupyterLab's NotebookPanel and INotebook. */

import type { ISessionContextDialogs } from '@jupyterlab/apputils';
import { SessionContextDialogs } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import { PageConfig, PathExt } from '@jupyterlab/coreutils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { ITranslator } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { Signal } from '@lumino/signaling';

import { ApiError } from '../api/client';
import { KernelLink } from '../api/kernel';
import type { NotebookIdentity } from '../api/types';
import type { ICell, ICellMark, INotebook, IQuestion } from '../tokens';
import type { CellGate } from './gate';
import { showMark } from './marks';
import { Strip } from './strip';
import { WholeDocument } from './whole_document';

/** How long after the last keystroke the document counts as changed. */
const EDIT_PAUSE_MS = 400;

/** The one key of notebook metadata that is ours. */
const METADATA_KEY = 'mlnb';

/** Follows one NotebookPanel until it is closed. */
export class OpenNotebook implements INotebook, IDisposable {
  constructor(
    readonly panel: NotebookPanel,
    private readonly _options: INotebookHost
  ) {
    this.kernel = new KernelLink(panel.sessionContext);
    this.document = new WholeDocument(panel);
    this._edited = new Debouncer(() => {
      this._emitChanged();
    }, EDIT_PAUSE_MS);
    panel.context.pathChanged.connect(this._onMoved, this);
    this.kernel.stateChanged.connect(this._tellPath, this);
    panel.disposed.connect(this.dispose, this);
    void panel.context.ready.then(() => {
      if (!this._isDisposed) {
        panel.context.model.contentChanged.connect(this._onEdit, this);
        this._emitChanged();
      }
    });
  }

  readonly kernel: KernelLink;
  readonly document: WholeDocument;

  get path(): string {
    return this._options.contents.localPath(this.panel.context.path);
  }

  get name(): string {
    return PathExt.basename(this.path);
  }

  get changed(): Signal<this, void> {
    return this._changed;
  }

  get closed(): Signal<this, void> {
    return this._closed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get isTrusted(): boolean {
    return this.panel.content.widgets.every(({ model }) => model.type !== 'code' || model.trusted);
  }

  get activeCell(): string | null {
    return this.panel.content.activeCell?.model.id ?? null;
  }

  cells(): ICell[] {
    const shared = this.panel.context.model.sharedModel;
    return shared.cells.map(cell => {
      const id = cell.getId();
      const cell_type = cell.cell_type as ICell['cell_type'];
      const source = cell.getSource();
      const tags = tagsFromMetadata(cell.getMetadata('tags'));
      return tags.length > 0 ? { id, cell_type, source, tags } : { id, cell_type, source };
    });
  }

  choice(area: string, name: string): unknown {
    return this._choices()[area]?.[name];
  }

  choose(area: string, name: string, value: string | null): void {
    const all = new Map(Object.entries(this._choices()));
    const ours = new Map(Object.entries(all.get(area) ?? {}));
    put(ours, name, value);
    put(all, area, ours.size > 0 ? Object.fromEntries(ours) : null);
    const { model } = this.panel.context;
    if (all.size > 0) {
      model.setMetadata(METADATA_KEY, Object.fromEntries(all));
    } else {
      model.deleteMetadata(METADATA_KEY);
    }
    this._emitChanged();
  }

  tag(cellId: string, tag: string, isOn: boolean): void {
    const model = this._cell(cellId)?.model;
    const others = tagsFromMetadata(model?.getMetadata('tags')).filter(one => one !== tag);
    const tags = isOn ? [...others, tag] : others;
    if (tags.length > 0) {
      model?.setMetadata('tags', tags);
    } else {
      model?.deleteMetadata('tags');
    }
    this._emitChanged();
  }

  ask(question: IQuestion): Promise<string | null> {
    this._strip?.close(null);
    const cell = this._cell(question.cellId);
    if (!cell) {
      return Promise.resolve(null);
    }
    const isTyping = this.panel.content.mode === 'edit';
    const strip = new Strip(question, cell, this._options.translator.load('mlnb'), isTyping);
    this._strip = strip;
    void strip.answer.then(() => {
      if (this._strip === strip) {
        this._strip = null;
      }
    });
    return strip.answer;
  }

  focusQuestion(): boolean {
    this._strip?.focus();
    return this._strip !== null;
  }

  async save(): Promise<void> {
    await this._identify();
    await this.panel.context.save();
  }

  reveal(cellId: string, keepsFocus = false): void {
    const { content } = this.panel;
    const index = content.widgets.findIndex(cell => cell.model.id === cellId);
    const cell = content.widgets[index];
    if (cell) {
      if (!keepsFocus) {
        this._options.activate(this.panel.id);
      }
      content.deselectAll();
      content.activeCellIndex = index;
      // not `scrollToCell`: it would put the cursor into the cell, where the keys are for typing and not for going on
      void content.scrollToItem(index).then(() => {
        if (!keepsFocus && !this._isDisposed) {
          content.mode = 'command';
          content.activate();
        }
      });
    }
  }

  async run(cellIds: readonly string[]): Promise<boolean> {
    const present = cellIds.map(id => this._cell(id)).filter(cell => cell !== undefined);
    const { content, sessionContext } = this.panel;
    const { dialogs, translator, gate } = this._options;
    const isDone = await gate.passing(() =>
      NotebookActions.runCells(content, present, sessionContext, dialogs ?? undefined, translator)
    );
    return isDone && present.length === cellIds.length;
  }

  async restartAndRunAll(): Promise<boolean> {
    const { content, sessionContext } = this.panel;
    const { translator } = this._options;
    const dialogs = this._options.dialogs ?? new SessionContextDialogs({ translator });
    return (
      (await dialogs.restart(sessionContext)) &&
      (await NotebookActions.runAll(content, sessionContext, dialogs, translator))
    );
  }

  insert(source: string): void {
    NotebookActions.insertBelow(this.panel.content);
    this.panel.content.activeCell?.model.sharedModel.setSource(source);
    this._options.activate(this.panel.id);
  }

  mark(marks: ReadonlyMap<string, ICellMark>): void {
    for (const cell of this.panel.content.widgets) {
      showMark(cell, marks.get(cell.model.id) ?? null);
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._edited.dispose();
    this.kernel.dispose();
    this.document.dispose();
    this._closed.emit();
    Signal.clearData(this);
  }

  /**
   * Gives the document its identity, which it keeps when it is renamed. The server decides: only it knows whether this is a copy.
   * Without an answer the notebook goes by its path; whoever saved it is about to ask the server more and will be told.
   */
  private async _identify(): Promise<void> {
    const { model } = this.panel.context;
    if (model.readOnly) {
      return;
    }
    const known = model.getMetadata(METADATA_KEY) as { id?: unknown } | undefined;
    const id = typeof known?.id === 'string' ? known.id : null;
    try {
      const identity = await this._options.identify(this.path, id);
      if (identity.id !== id) {
        const parent = identity.parent === null ? {} : { parent: identity.parent };
        model.setMetadata(METADATA_KEY, { ...known, id: identity.id, ...parent });
      }
    } catch (reason) {
      if (!(reason instanceof ApiError)) {
        throw reason;
      }
    }
  }

  /** What people chose, by area. The identity beside it is left as it is. */
  private _choices(): Choices {
    return (this.panel.context.model.getMetadata(METADATA_KEY) ?? {}) as Choices;
  }

  private _cell(id: string): Cell | undefined {
    return this.panel.content.widgets.find(cell => cell.model.id === id);
  }

  private _onMoved(): void {
    this._tellPath();
    this._emitChanged();
  }

  /** The kernel knows the path that the notebook had when the session began; others look for the kernel by the present one. */
  private _tellPath(): void {
    const root = PageConfig.getOption('serverRoot');
    if (this.kernel.state === 'ready' && root) {
      // a kernel on another machine has no such file and keeps what it knew; one that ends meanwhile is told again when it is back
      this.kernel.call('notebook.moved', { root, path: this.path }).catch(() => undefined);
    }
  }

  private _onEdit(): void {
    void this._edited.invoke();
  }

  private _emitChanged(): void {
    this._changed.emit();
  }

  private readonly _edited: Debouncer;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _closed = new Signal<this, void>(this);
  private _strip: Strip | null = null;
  private _isDisposed = false;
}

type Choices = Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;

function put<T>(map: Map<string, T>, key: string, value: T | null): void {
  if (value === null) {
    map.delete(key);
  } else {
    map.set(key, value);
  }
}

function tagsFromMetadata(tags: unknown): readonly string[] {
  return Array.isArray(tags) ? tags.filter(tag => typeof tag === 'string') : [];
}

/** What it needs from the application. */
export interface INotebookHost {
  readonly contents: Contents.IManager;
  readonly dialogs: ISessionContextDialogs | null;
  readonly translator: ITranslator;
  /** What lies before the cell executor. */
  readonly gate: CellGate;
  /** Who the notebook at a path is, whose document has this id (null: none yet). Rejects with an ApiError. */
  readonly identify: (path: string, id: string | null) => Promise<NotebookIdentity>;
  /** Brings a widget of the shell to the front. */
  readonly activate: (id: string) => void;
}
