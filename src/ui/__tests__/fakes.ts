/** Stand-ins for the shell and the server, with the manners of the real ones. */

import { Signal } from '@lumino/signaling';

import type { Call, ICallOptions } from '../../api/client';
import { ApiError } from '../../api/client';
import type { IEvents, IMlnbEvent } from '../../api/events';
import type {
  ICell,
  ICellMark,
  IDocumentContent,
  IKernelEvent,
  IKernelLink,
  INotebook,
  INotebooks,
  IQuestion,
  IRunGuard,
  IWholeDocument,
  LinkState
} from '../../tokens';

/** A kernel whose answers are functions by name. */
export class FakeKernel implements IKernelLink {
  state: LinkState = 'ready';
  language = 'python';
  session = 'k/0';
  readonly stateChanged = new Signal<this, LinkState>(this);
  readonly pushed = new Signal<this, string>(this);
  readonly told = new Signal<this, IKernelEvent>(this);
  readonly calls: [name: string, args: object][] = [];

  constructor(readonly answers: Record<string, (args: object) => unknown> = {}) {}

  async call(name: string, args: object): Promise<unknown> {
    this.calls.push([name, args]);
    const answer = this.answers[name];
    if (!answer) {
      throw new ApiError(`no ${name}`, 'unknown');
    }
    return answer(args);
  }

  retry(): void {
    this.become('connecting');
  }

  become(state: LinkState): void {
    this.state = state;
    this.stateChanged.emit(state);
  }
}

/** A document that says what was put in its place. */
export class FakeDocument implements IWholeDocument {
  isReadOnly = false;
  readonly edited = new Signal<this, void>(this);
  readonly saved = new Signal<this, void>(this);
  readonly executed = new Signal<this, string>(this);
  readonly log: string[] = [];
  now: IDocumentContent = { cells: [] };

  content(): IDocumentContent {
    return structuredClone(this.now);
  }

  replace(content: IDocumentContent, part: 'all' | 'outputs', isTrusted: boolean): void {
    this.now = content;
    this.log.push(`${part}${isTrusted ? ' trusted' : ''}`);
  }
}

/** A notebook in memory. */
export class FakeNotebook implements INotebook {
  readonly changed = new Signal<this, void>(this);
  readonly closed = new Signal<this, void>(this);
  readonly document = new FakeDocument();
  readonly log: string[] = [];
  readonly choices = new Map<string, string>();
  readonly questions: IQuestion[] = [];
  isTrusted = true;
  activeCell: string | null = null;
  /** What the user answers to questions; null leaves them open. */
  answer: ((question: IQuestion) => string | null) | null = () => null;
  marks: ReadonlyMap<string, ICellMark> = new Map();

  constructor(
    readonly path: string,
    public content: ICell[] = [],
    readonly kernel = new FakeKernel()
  ) {}

  get name(): string {
    return this.path;
  }

  cells(): ICell[] {
    return this.content;
  }

  choice(area: string, name: string): unknown {
    return this.choices.get(`${area}.${name}`);
  }

  choose(area: string, name: string, value: string | null): void {
    if (value === null) {
      this.choices.delete(`${area}.${name}`);
    } else {
      this.choices.set(`${area}.${name}`, value);
    }
  }

  tag(cellId: string, tag: string, isOn: boolean): void {
    this.content = this.content.map(cell => {
      const others = (cell.tags ?? []).filter(other => other !== tag);
      return cell.id === cellId ? { ...cell, tags: isOn ? [...others, tag] : others } : cell;
    });
    this.changed.emit();
  }

  ask(question: IQuestion): Promise<string | null> {
    this._dismiss(null);
    this.questions.push(question);
    return new Promise(resolve => {
      this._dismiss = resolve;
      if (this.answer) {
        resolve(this.answer(question));
      }
    });
  }

  /** Answers the question that is open. */
  reply(answer: string | null): void {
    this._dismiss(answer);
  }

  focusQuestion(): boolean {
    return false;
  }

  async restartAndRunAll(): Promise<boolean> {
    this.log.push('restart');
    return true;
  }

  async save(): Promise<void> {
    this.log.push('save');
  }

  reveal(cellId: string, keepsFocus = false): void {
    this.log.push(keepsFocus ? `show ${cellId}` : `reveal ${cellId}`);
  }

  insert(source: string): void {
    this.log.push(`insert ${source}`);
  }

  async run(cellIds: readonly string[]): Promise<boolean> {
    this.log.push(`run ${cellIds.join(' ')}`);
    return true;
  }

  mark(marks: ReadonlyMap<string, ICellMark>): void {
    this.marks = marks;
  }

  private _dismiss: (answer: string | null) => void = () => undefined;
}

/** Open notebooks, one of them current. */
export class FakeNotebooks implements INotebooks {
  readonly currentChanged = new Signal<this, INotebook | null>(this);
  readonly opened = new Signal<this, INotebook>(this);

  constructor(public all: readonly FakeNotebook[] = []) {
    this.current = all[0] ?? null;
  }

  current: FakeNotebook | null;
  guard: IRunGuard | null = null;

  of(): INotebook | null {
    return this.current;
  }

  guardRuns(guard: IRunGuard): void {
    this.guard = guard;
  }

  choose(notebook: FakeNotebook | null): void {
    this.current = notebook;
    this.currentChanged.emit(notebook);
  }
}

/** Events that the test sends. */
export class FakeEvents implements IEvents {
  private readonly _slots: [readonly string[], (event: IMlnbEvent) => void][] = [];

  on(
    names: readonly string[],
    slot: (event: IMlnbEvent) => void
  ): { isDisposed: boolean; dispose(): void } {
    this._slots.push([names, slot]);
    return { isDisposed: false, dispose: () => undefined };
  }

  send(name: string, subject = '', data: Record<string, unknown> = {}): void {
    for (const [names, slot] of this._slots) {
      if (names.includes(name)) {
        slot({ name, subject, data });
      }
    }
  }
}

/** A server whose answers are functions by `METHOD path`; it keeps what it was asked. */
export class FakeServer {
  readonly asked: [request: string, options: ICallOptions][] = [];

  constructor(readonly answers: Record<string, (options: ICallOptions) => unknown>) {}

  readonly call: Call = async <T>(path: string, options: ICallOptions = {}): Promise<T> => {
    const request = `${options.method ?? 'GET'} ${path}`;
    this.asked.push([request, options]);
    const answer = this.answers[request];
    if (!answer) {
      throw new ApiError(`no route ${request}`, 'not_found');
    }
    return answer(options) as T;
  };
}

/** Lets everything that waits for an answer go on. */
export async function settled(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, 0));
}
