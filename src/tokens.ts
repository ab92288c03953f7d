/** The public interfaces of the front end and the tokens they are asked for by. Imports nothing of ours. */

import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

/** What a section of the sidebar shows the number of, and whom it tells when somebody looks. */
export interface ISectionModel {
  /** How many things there are to see; null while that is not known. */
  readonly count: number | null;
  /** Emitted when anything shown has changed. */
  readonly stateChanged: ISignal<ISectionModel, void>;
  /** Whether somebody looks. A model that nobody looks at does no work. */
  isActive: boolean;
}

/** A small button in the header of a section. */
export interface ISectionAction {
  /** Id of the command that it runs; label, icon and enablement come from the command. */
  readonly command: string;
}

/** One section of the sidebar. */
export interface ISection {
  /** Name in ids and in the settings, such as `jobs`. */
  readonly id: string;
  /** Title on the screen, translated. */
  readonly label: string;
  /** One sentence on what it is for, translated. */
  readonly caption: string;
  /** Lower is higher up. The built-in ones are at 10, 20, ... 60. */
  readonly rank: number;
  /** Whether it is open until the user decides otherwise. */
  readonly isOpenAtFirst: boolean;
  /** Whether it opens by itself as soon as it has something to show, unless the user has closed it. */
  readonly opensWithContent?: boolean;
  readonly model: ISectionModel;
  readonly content: Widget;
  readonly actions?: readonly ISectionAction[];
}

/** The one sidebar of mlnb; other extensions add sections to it. */
export interface ISidebar {
  /** Adds a section; disposing the answer takes it out. */
  addSection(section: ISection): IDisposable;
  /** Brings the sidebar to the front and, if `id` is given, opens that section. */
  show(id?: string): void;
}

export const ISidebar = new Token<ISidebar>(
  'mlnb:ISidebar',
  'The sidebar of mlnb. Add a section of your own with addSection().'
);

/** One cell of the document as it is now. */
export interface ICell {
  readonly id: string;
  readonly cell_type: 'code' | 'markdown' | 'raw';
  readonly source: string;
  /** As in its metadata; absent when there are none. */
  readonly tags?: readonly string[];
}

/** What is known of a cell's place in the order of runs, to be shown beside it. */
export interface ICellMark {
  readonly state: 'stale' | 'edited' | 'never_run' | 'unknown' | 'skip' | 'frozen';
  /** State and reasons as a sentence. */
  readonly text: string;
}

/** A question, or a remark, in a strip at a cell. It waits for its answer; the notebook stays usable. */
export interface IQuestion {
  /** The cell at which it stands. */
  readonly cellId: string;
  /** How it looks: a warning, a refusal or a remark. */
  readonly kind: 'warn' | 'refuse' | 'note';
  /** What it says first. Text between backticks is code. */
  readonly title: string;
  /** What it says further, or empty. */
  readonly text: string;
  /** The answers that are offered, the likeliest first. */
  readonly answers: readonly IAnswer[];
}

/** One button of a question. */
export interface IAnswer {
  readonly id: string;
  readonly label: string;
  /** What will happen, for the tooltip. */
  readonly caption: string;
}

/** Decides about runs of cells before they begin, and hears of those that ended. */
export interface IRunGuard {
  /** Whether it wants to be asked about this notebook's runs at all. Must be quick. */
  isWatching(notebook: INotebook): boolean;
  /**
   * Which of the code cells `cellIds`, asked for together and in this order, are to run now.
   *
   * May wait for the user. Never rejects.
   */
  admit(notebook: INotebook, cellIds: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * A code cell begins to run. The answer comes when the kernel knows the document as it is now, or soon all the same. Never rejects.
   *
   * @param isNameless - whether the kernel is not told which cell it is, so that it must hear it before
   */
  began(notebook: INotebook, cellId: string, isNameless?: boolean): Promise<void>;
  /** A code cell has run: `isDone` if without an error. */
  ended(notebook: INotebook, cellId: string, isDone: boolean): void;
  /** All of `cellIds`, which the user ran together, have ended; `isDone` if all without an error. */
  settled(notebook: INotebook, cellIds: readonly string[], isDone: boolean): void;
}

/**
 * Whether the kernel half of mlnb answers.
 *
 * - `none`: there is no kernel.
 * - `connecting`: a kernel is there, mlnb in it has not answered yet.
 * - `ready`: mlnb in the kernel answers.
 * - `absent`: the kernel runs without mlnb.
 * - `foreign`: the kernel speaks a language that mlnb has no kernel half for.
 */
export type LinkState = 'none' | 'connecting' | 'ready' | 'absent' | 'foreign';

/** Something that happened in the kernel. */
export interface IKernelEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The connection to mlnb in one notebook's kernel. It survives restarts of the kernel. */
export interface IKernelLink {
  readonly state: LinkState;
  readonly stateChanged: ISignal<IKernelLink, LinkState>;
  /** Language of the kernel as it calls itself, such as `python`; empty while it has not said. */
  readonly language: string;
  /** Names the life of the kernel: another after each restart. */
  readonly session: string;
  /** Emitted with the name of each event that the kernel pushes, such as `order_changed`. */
  readonly pushed: ISignal<IKernelLink, string>;
  /** Emitted with an event that says more, such as `snapshot_taken` with the id of the snapshot. */
  readonly told: ISignal<IKernelLink, IKernelEvent>;
  /**
   * Calls a function of mlnb in the kernel.
   *
   * Rejects with an ApiError when the function fails or the kernel goes away.
   */
  call(name: string, args: object): Promise<unknown>;
  /** Asks again a kernel that had no mlnb. */
  retry(): void;
}

/** The JSON of a notebook's file. */
export interface IDocumentContent {
  readonly cells: readonly Readonly<Record<string, unknown>>[];
  readonly [key: string]: unknown;
}

/** The whole document of an open notebook, with its outputs, saved or not. */
export interface IWholeDocument {
  readonly isReadOnly: boolean;
  /** Emitted at each edit, and when outputs come or go. */
  readonly edited: ISignal<IWholeDocument, void>;
  /** Emitted when it was saved, by the user or by itself. */
  readonly saved: ISignal<IWholeDocument, void>;
  /** Emitted with the id of a cell when its run has ended and its outputs are there. */
  readonly executed: ISignal<IWholeDocument, string>;
  /** What it holds now. */
  content(): IDocumentContent;
  /**
   * Puts the cells of `content` in place of its own, in one edit, which one undo takes back.
   *
   * @param part - `outputs`: only outputs and numbers of cells that both have; what was typed stays
   * @param isTrusted - whether outputs that come back may show whatever they like, as those of cells that the user ran
   */
  replace(content: IDocumentContent, part: 'all' | 'outputs', isTrusted: boolean): void;
}

/** An open notebook, as far as the areas need it. */
export interface INotebook {
  /** Path relative to the server's root. */
  readonly path: string;
  readonly name: string;
  readonly kernel: IKernelLink;
  /** Emitted a moment after cells were edited, added, moved or deleted, and after the path changed. */
  readonly changed: ISignal<INotebook, void>;
  readonly closed: ISignal<INotebook, void>;
  readonly document: IWholeDocument;
  /** Whether Jupyter trusts what it shows: the user ran or trusted all of its cells. */
  readonly isTrusted: boolean;
  /** Id of the active cell, or null. */
  readonly activeCell: string | null;
  /** The cells, in document order. */
  cells(): ICell[];
  /** What a person chose for an area in this notebook; kept in its metadata. */
  choice(area: string, name: string): unknown;
  /** Keeps a choice in the notebook's metadata; null takes it out again. */
  choose(area: string, name: string, value: string | null): void;
  /** Gives a cell a tag, or takes it away. */
  tag(cellId: string, tag: string, isOn: boolean): void;
  /** Shows a question at a cell, in place of the one that is shown; answers the id of the answer, or null when it is dismissed. */
  ask(question: IQuestion): Promise<string | null>;
  /** Brings the keyboard to the question that is shown; false when there is none. */
  focusQuestion(): boolean;
  save(): Promise<void>;
  /** Scrolls to a cell and makes it the active one; the keyboard goes there too unless `keepsFocus`. */
  reveal(cellId: string, keepsFocus?: boolean): void;
  /** Runs the cells in the order given, without asking the guard; false when one failed or is gone. */
  run(cellIds: readonly string[]): Promise<boolean>;
  /** Restarts the kernel, after Jupyter's question, and runs all cells; false when the user did not want to or one failed. */
  restartAndRunAll(): Promise<boolean>;
  /** Inserts a code cell below the active one and makes it active. */
  insert(source: string): void;
  /** Shows marks beside cells; cells that are not in `marks` lose theirs. */
  mark(marks: ReadonlyMap<string, ICellMark>): void;
}

/** The open notebooks. */
export interface INotebooks {
  /** The notebook that was used last, or null when none is open. */
  readonly current: INotebook | null;
  readonly currentChanged: ISignal<INotebooks, INotebook | null>;
  readonly opened: ISignal<INotebooks, INotebook>;
  readonly all: readonly INotebook[];
  /** The notebook that a widget of the shell shows, or null. */
  of(widget: Widget): INotebook | null;
  /** Lets `guard` decide about runs; there is one guard at a time. */
  guardRuns(guard: IRunGuard): void;
}

export const INotebooks = new Token<INotebooks>(
  'mlnb:INotebooks',
  'The open notebooks with the connection to mlnb in their kernels.'
);
