/** The server's and the kernel's part of the snapshots area. */

import type { Call } from '../api/client';
import type {
  Cleaned,
  DiskUsage,
  Preview,
  Purged,
  Restored,
  Snapshot,
  Taken,
  Timeline,
  Verified
} from '../api/types';
import type { IDocumentContent, IKernelLink } from '../tokens';

/** Which entries of the history are shown. */
export type Which = 'all' | 'named' | 'jobs';

/** What is to be restored. */
export interface IWish {
  /** Which variables; null for all. */
  readonly names: readonly string[] | null;
  /** The user trusts who made the snapshot. */
  readonly trust: boolean;
  /** Cells are run again for what was not saved. */
  readonly recompute: boolean;
}

/** Where a kernel stands in the history. */
export interface IWhere {
  /** The snapshot that it took or restored last, or null. */
  readonly snapshot: string | null;
  /** How many cells ran since. */
  readonly runs: number;
  /** Whether nothing ran in it and nothing was restored into it. */
  readonly is_new: boolean;
  /** When snapshots are taken by themselves. */
  readonly auto: string;
  readonly can_undo: boolean;
  readonly can_redo: boolean;
}

/** Asks a kernel where it stands. */
export async function askWhere(kernel: IKernelLink): Promise<IWhere> {
  return (await kernel.call('snapshots.where', {})) as IWhere;
}

/** Tells a kernel when to take snapshots by itself. */
export async function setAuto(kernel: IKernelLink, mode: string): Promise<void> {
  await kernel.call('snapshots.set_auto', { mode });
}

/** Whether every cell in a kernel is up to date as far as it knows; null: it does not know. */
export async function askClean(kernel: IKernelLink): Promise<boolean | null> {
  const { mode, summary } = (await kernel.call('order.status', {})) as {
    mode: string;
    summary: { stale: number; edited: number };
  };
  return mode === 'off' ? null : summary.stale === 0 && summary.edited === 0;
}

/** Requests about snapshots. Notebooks and files are named by their path relative to the server's root. */
export class SnapshotsClient {
  constructor(private readonly _call: Call) {}

  /** A page of a notebook's history, newest first. */
  timeline(
    notebook: string,
    which: Which,
    limit: number,
    cursor: string | null
  ): Promise<Timeline> {
    return this._call('snapshots/timeline', { query: { notebook, which, limit, cursor } });
  }

  /** A snapshot with its variables. */
  get(id: string): Promise<Snapshot> {
    return this._call(path(id));
  }

  /** Freezes the saved notebook and, if its kernel lives, its variables. */
  take(notebook: string, reason: string): Promise<Taken> {
    return this._post('snapshots', { notebook, reason });
  }

  /** What restoring it into the notebook's kernel would do. */
  preview(id: string, notebook: string): Promise<Preview> {
    return this._call(path(id, 'preview'), { query: { notebook } });
  }

  /** Brings variables back into the notebook's live kernel. */
  restore(id: string, notebook: string, wish: IWish): Promise<Restored> {
    return this._post(path(id, 'restore'), { notebook, ...wish });
  }

  /** Takes the last restore in the notebook's kernel back, or does it again. */
  undo(notebook: string, redo: boolean): Promise<Restored> {
    return this._post('snapshots/undo', { notebook, redo });
  }

  /** The notebook with its outputs, as it was. */
  async document(id: string): Promise<IDocumentContent> {
    const { content } = await this._call<{ content: unknown }>(path(id, 'document'));
    return content as IDocumentContent;
  }

  /** Makes what is on the screen the document of a snapshot that has none. */
  attach(
    id: string,
    notebook: string,
    content: IDocumentContent,
    isClean: boolean | null
  ): Promise<Snapshot> {
    return this._post(path(id, 'document'), { notebook, content, is_clean: isClean });
  }

  /** Keeps what is on the screen, unless the history has it; answers the snapshot's id, or null. */
  async keep(
    notebook: string,
    content: IDocumentContent,
    parent: string | null
  ): Promise<string | null> {
    const kept = await this._post<{ id: string | null }>('snapshots/document', {
      notebook,
      content,
      parent
    });
    return kept.id;
  }

  /** Calls a snapshot something; nothing any more when `name` is empty. */
  name(id: string, name: string): Promise<Snapshot> {
    return this._post(path(id, 'name'), { name });
  }

  /** Forgets a snapshot for good. */
  remove(id: string): Promise<unknown> {
    return this._post(path(id, 'delete'), {});
  }

  /** Writes a snapshot to one file in `folder`; answers its path. */
  async export(id: string, folder: string): Promise<string> {
    return (await this._post<{ path: string }>(path(id, 'export'), { folder })).path;
  }

  /** Takes over a snapshot from such a file. */
  import(file: string): Promise<Snapshot> {
    return this._post('snapshots/import', { file });
  }

  /** Writes a snapshot's notebook to a new file in `folder`; answers its path. */
  async open(id: string, folder: string): Promise<string> {
    return (await this._post<{ path: string }>(path(id, 'open'), { folder })).path;
  }

  /** How much disk snapshots take. */
  usage(): Promise<DiskUsage> {
    return this._call('snapshots/du');
  }

  /** Removes what the rules do not keep. */
  clean(): Promise<Cleaned> {
    return this._post('snapshots/gc', {});
  }

  /** Reads every stored byte of a snapshot again. */
  verify(id: string): Promise<Verified> {
    return this._post(path(id, 'verify'), {});
  }

  /** Takes the value of a variable out of all snapshots of a notebook, for good. */
  purge(name: string, notebook: string): Promise<Purged> {
    return this._post('snapshots/purge', { name, notebook, confirmed: true });
  }

  private _post<T>(to: string, body: object): Promise<T> {
    return this._call(to, { method: 'POST', body });
  }
}

function path(id: string, verb = ''): string {
  const one = `snapshots/${encodeURIComponent(id)}`;
  return verb ? `${one}/${verb}` : one;
}
