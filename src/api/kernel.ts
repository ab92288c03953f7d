/** The connection to mlnb in a notebook's kernel, over a comm that the front end opens. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { CommsOverSubshells } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { IKernelEvent, IKernelLink, LinkState } from '../tokens';
import { ApiError } from './client';

const TARGET = 'mlnb';

/** The languages that mlnb has a kernel half for. */
const LANGUAGES: readonly string[] = ['python'];

interface IWaiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: ApiError) => void;
}

/** Opens a comm whenever a kernel is connected, and again after each restart. */
export class KernelLink implements IKernelLink, IDisposable {
  constructor(context: ISessionContext) {
    this._context = context;
    context.kernelChanged.connect(this._reconnect, this);
    context.connectionStatusChanged.connect(this._reconnect, this);
    context.statusChanged.connect(this._onStatus, this);
    this._reconnect();
  }

  get state(): LinkState {
    return this._state;
  }

  get stateChanged(): Signal<this, LinkState> {
    return this._stateChanged;
  }

  get pushed(): Signal<this, string> {
    return this._pushed;
  }

  get told(): Signal<this, IKernelEvent> {
    return this._told;
  }

  get language(): string {
    return this._language;
  }

  get session(): string {
    return `${this._context.session?.kernel?.id ?? ''}/${this._restarts}`;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  call(name: string, args: object): Promise<unknown> {
    const comm = this._comm;
    if (!comm || comm.isDisposed) {
      return Promise.reject(goneError());
    }
    const id = ++this._lastId;
    return new Promise((resolve, reject) => {
      this._waiting.set(id, { resolve, reject });
      comm.send({ id, call: name, arguments: args as JSONObject });
    });
  }

  retry(): void {
    this._drop('connecting');
    this._reconnect();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._drop('none');
    Signal.clearData(this);
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this._restarts += 1;
      if (status === 'dead') {
        this._drop('none');
      } else if (this._state !== 'foreign') {
        this._drop('connecting'); // one of another language stays that
      }
    } else {
      this._reconnect();
    }
  }

  private _reconnect(): void {
    const kernel = this._context.session?.kernel ?? null;
    if (!kernel || kernel.isDisposed) {
      this._drop('none');
      return;
    }
    const isUp =
      kernel.connectionStatus === 'connected' && ['idle', 'busy'].includes(kernel.status);
    if (kernel !== this._kernel || this._comm?.isDisposed) {
      this._drop('connecting');
      this._kernel = kernel;
    }
    if (isUp && !this._comm && this._state === 'connecting') {
      void this._meet(kernel);
    }
  }

  /** A kernel of a language that we have nothing for is not spoken to: not every kernel minds a comm that it does not know. */
  private async _meet(kernel: Kernel.IKernelConnection): Promise<void> {
    const { language_info } = await kernel.info;
    if (kernel !== this._kernel || this._comm || this._isDisposed) {
      return;
    }
    this._language = language_info.name;
    if (LANGUAGES.includes(this._language)) {
      this._open(kernel);
    } else {
      this._setState('foreign');
    }
  }

  private _open(kernel: Kernel.IKernelConnection): void {
    const comm = kernel.createComm(TARGET);
    // one thread at a time in the kernel: order must not be asked for in the middle of a cell
    comm.commsOverSubshells = CommsOverSubshells.Disabled;
    this._comm = comm;
    comm.onMsg = message => {
      this._receive(message);
    };
    comm.onClose = () => {
      if (this._comm === comm) {
        this._drop('absent'); // a kernel that knows no such target closes the comm at once
        this._kernel = kernel;
      }
    };
    this._setState('connecting');
    comm.open();
    void this.call('hello', {}).then(
      () => {
        this._setState('ready');
      },
      () => undefined // closed or gone: said by the state
    );
  }

  private _receive(message: KernelMessage.ICommMsgMsg): void {
    const { id, result, error, event, data } = message.content.data as {
      id?: number;
      result?: unknown;
      error?: { code: string; message: string; hint?: string };
      event?: string;
      data?: IKernelEvent['data'];
    };
    if (event !== undefined) {
      this._pushed.emit(event);
      if (data) {
        this._told.emit({ name: event, data });
      }
    }
    const waiting = id === undefined ? undefined : this._waiting.get(id);
    if (id === undefined || !waiting) {
      return;
    }
    this._waiting.delete(id);
    if (error) {
      waiting.reject(new ApiError(error.message, error.code, error.hint ?? ''));
    } else {
      waiting.resolve(result);
    }
  }

  private _drop(state: LinkState): void {
    const comm = this._comm;
    this._comm = null;
    this._kernel = null;
    this._language = '';
    comm?.dispose();
    const waiting = [...this._waiting.values()];
    this._waiting.clear();
    for (const { reject } of waiting) {
      reject(goneError());
    }
    this._setState(state);
  }

  private _setState(state: LinkState): void {
    if (state !== this._state) {
      this._state = state;
      this._stateChanged.emit(state);
    }
  }

  private readonly _context: ISessionContext;
  private readonly _stateChanged = new Signal<this, LinkState>(this);
  private readonly _pushed = new Signal<this, string>(this);
  private readonly _told = new Signal<this, IKernelEvent>(this);
  private readonly _waiting = new Map<number, IWaiting>();
  private _kernel: Kernel.IKernelConnection | null = null;
  private _comm: Kernel.IComm | null = null;
  private _state: LinkState = 'none';
  private _language = '';
  private _restarts = 0;
  private _lastId = 0;
  private _isDisposed = false;
}

function goneError(): ApiError {
  return new ApiError(
    'The kernel went away before it answered.',
    'no_kernel',
    'Start the kernel again.'
  );
}
