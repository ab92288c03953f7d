/**
 * Keeps documents: to each snapshot that a kernel took by itself the notebook with its outputs as it was when the cell had run, and
 * what was typed, saved or not. Knows no screen.
 */

import type { IDocumentContent, INotebook, INotebooks } from '../tokens';
import type { AutoChoice } from './auto';
import type { SnapshotsClient } from './client';
import { askClean } from './client';

/** How long things may take. */
export interface IPatience {
  /** What was typed is kept when nothing was for so long ... */
  readonly quietMs: number;
  /** ... and at the latest after this. */
  readonly mostMs: number;
  /** A snapshot waits so long for the outputs of its cell. */
  readonly outputsMs: number;
}

const PATIENCE: IPatience = { quietMs: 20_000, mostMs: 120_000, outputsMs: 3_000 };

/** So many documents wait for the snapshots of their cells. */
const MOST_SHOWN = 8;

/** Follows all open notebooks. */
export class Recorder {
  constructor(
    notebooks: INotebooks,
    private readonly _client: SnapshotsClient,
    private readonly _auto: AutoChoice,
    private readonly _patience: IPatience = PATIENCE
  ) {
    for (const notebook of notebooks.all) {
      this._follow(notebook);
    }
    notebooks.opened.connect((_, notebook) => {
      this._follow(notebook);
    });
    _auto.changed.connect(() => {
      for (const notebook of notebooks.all) {
        this._tellMode(notebook);
      }
    });
  }

  private _follow(notebook: INotebook): void {
    const one = new NotebookRecorder(notebook, this._client, this._auto, this._patience);
    notebook.kernel.stateChanged.connect(() => {
      this._tellMode(notebook);
    });
    notebook.closed.connect(() => {
      one.stop();
    });
    this._tellMode(notebook);
  }

  private _tellMode(notebook: INotebook): void {
    this._auto.tell(notebook).catch((reason: unknown) => {
      console.warn('mlnb: the kernel was not told when to take snapshots.', reason);
    });
  }
}

interface IShown {
  readonly content: IDocumentContent;
  readonly isClean: Promise<boolean | null>;
}

class NotebookRecorder {
  constructor(
    private readonly _notebook: INotebook,
    private readonly _client: SnapshotsClient,
    private readonly _auto: AutoChoice,
    private readonly _patience: IPatience
  ) {
    const { document, kernel } = _notebook;
    document.executed.connect((_, cellId) => {
      this._onExecuted(cellId);
    });
    document.edited.connect(() => {
      this._onEdited();
    });
    document.saved.connect(() => {
      void this._keep();
    });
    kernel.told.connect((_, { name, data }) => {
      if (name === 'snapshot_taken' && typeof data['id'] === 'string') {
        const cellId = typeof data['cell_id'] === 'string' ? data['cell_id'] : null;
        this._at = data['id'];
        void this._attach(data['id'], cellId);
      } else if (name === 'snapshot_restored' && typeof data['id'] === 'string') {
        this._at = data['id'];
      }
    });
  }

  /** The notebook was closed. What was typed and saved is kept already. */
  stop(): void {
    clearTimeout(this._timer);
    this._timer = undefined;
    this._isStopped = true;
  }

  private _onExecuted(cellId: string): void {
    if (this._auto.of(this._notebook) === 'off') {
      return;
    }
    const shown: IShown = {
      content: this._notebook.document.content(),
      isClean: askClean(this._notebook.kernel).catch(() => null)
    };
    const wanting = this._wanting.get(cellId)?.shift();
    if (wanting) {
      wanting(shown);
    } else {
      this._shown.delete(cellId);
      this._shown.set(cellId, shown);
      const [oldest] = this._shown.keys();
      if (this._shown.size > MOST_SHOWN && oldest !== undefined) {
        this._shown.delete(oldest); // no snapshot was taken after it
      }
    }
  }

  private _onEdited(): void {
    if (this._isStopped) {
      return;
    }
    const now = Date.now();
    this._since ??= now;
    clearTimeout(this._timer);
    const { quietMs, mostMs } = this._patience;
    const wait = Math.max(0, Math.min(quietMs, this._since + mostMs - now));
    this._timer = setTimeout(() => void this._keep(), wait);
  }

  /** Gives a snapshot the document; one taken after a cell waits for its outputs. Never rejects. */
  private async _attach(id: string, cellId: string | null): Promise<void> {
    const { content, isClean } = await this._afterRun(cellId);
    try {
      await this._client.attach(id, this._notebook.path, content, await isClean);
    } catch (reason) {
      console.warn(`mlnb: the document of ${id} was not kept.`, reason);
    }
  }

  private _afterRun(cellId: string | null): Promise<IShown> {
    const now = (): IShown => ({
      content: this._notebook.document.content(),
      isClean: Promise.resolve(null)
    });
    if (cellId === null || this._auto.of(this._notebook) === 'off') {
      return Promise.resolve(now());
    }
    const shown = this._shown.get(cellId);
    if (shown) {
      this._shown.delete(cellId);
      return Promise.resolve(shown);
    }
    return new Promise(resolve => {
      const wanting = this._wanting.get(cellId) ?? [];
      this._wanting.set(cellId, wanting);
      const take = (found: IShown): void => {
        clearTimeout(timer);
        resolve(found);
      };
      wanting.push(take);
      const timer = setTimeout(() => {
        wanting.splice(wanting.indexOf(take), 1);
        resolve(now());
      }, this._patience.outputsMs);
    });
  }

  /** Keeps what is on the screen, when it was edited since. Never rejects. */
  private async _keep(): Promise<void> {
    if (this._since === null || this._isStopped) {
      return;
    }
    this._since = null;
    clearTimeout(this._timer);
    if (this._auto.of(this._notebook) === 'off') {
      return;
    }
    try {
      await this._client.keep(this._notebook.path, this._notebook.document.content(), this._at);
    } catch (reason) {
      console.warn(`mlnb: what was typed in ${this._notebook.path} was not kept.`, reason);
    }
  }

  private readonly _shown = new Map<string, IShown>();
  private readonly _wanting = new Map<string, ((shown: IShown) => void)[]>();
  private _at: string | null = null;
  private _since: number | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isStopped = false;
}
