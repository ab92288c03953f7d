/** The line above the sections: which notebook they are about, and whether mlnb answers in its kernel. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { notebookIcon, ReactWidget, refreshIcon } from '@jupyterlab/ui-components';
import type React from 'react';

import type { INotebook, INotebooks, LinkState } from '../tokens';

/** Follows the current notebook. */
export class SidebarHeader extends ReactWidget {
  constructor(
    private readonly _notebooks: INotebooks,
    private readonly _trans: TranslationBundle
  ) {
    super();
    _notebooks.currentChanged.connect(this._onCurrent, this);
    this._onCurrent();
  }

  protected override render(): React.JSX.Element {
    const notebook = this._notebooks.current;
    if (!notebook) {
      return <span className="mlnb-Secondary">{this._trans.__('No notebook is open')}</span>;
    }
    const { state } = notebook.kernel;
    return (
      <>
        <notebookIcon.react tag="span" className="mlnb-StateIcon" width="16px" height="16px" />
        <span className="mlnb-Sidebar-notebook" title={notebook.path}>
          {notebook.name}
        </span>
        <span
          className="mlnb-Sidebar-link"
          data-state={state}
          role="status"
          title={linkTitle(state, this._trans)}
        >
          {linkText(state, this._trans)}
        </span>
        {state === 'absent' && (
          <button
            type="button"
            className="mlnb-Section-action"
            aria-label={this._trans.__('Ask the kernel again for mlnb')}
            title={this._trans.__(
              'The kernel runs without mlnb. Install mlnb in its environment or run %load_ext mlnb, then ask again.'
            )}
            onClick={() => {
              notebook.kernel.retry();
            }}
          >
            <refreshIcon.react tag="span" width="14px" height="14px" />
          </button>
        )}
      </>
    );
  }

  private _onCurrent(): void {
    if (this._followed) {
      this._followed.kernel.stateChanged.disconnect(this._redraw, this);
      this._followed.changed.disconnect(this._redraw, this);
    }
    this._followed = this._notebooks.current;
    this._followed?.kernel.stateChanged.connect(this._redraw, this);
    this._followed?.changed.connect(this._redraw, this);
    this._redraw();
  }

  private _redraw(): void {
    this.update();
  }

  private _followed: INotebook | null = null;
}

function linkText(state: LinkState, trans: TranslationBundle): string {
  switch (state) {
    case 'ready':
      return trans.__('linked');
    case 'connecting':
      return trans.__('linking …');
    case 'absent':
      return trans.__('no mlnb');
    case 'foreign':
      return trans.__('other language');
    case 'none':
      return trans.__('no kernel');
  }
}

function linkTitle(state: LinkState, trans: TranslationBundle): string {
  switch (state) {
    case 'ready':
      return trans.__('mlnb in the kernel answers');
    case 'connecting':
      return trans.__('Waiting for mlnb in the kernel');
    case 'absent':
      return trans.__('This kernel runs without mlnb');
    case 'foreign':
      return trans.__('mlnb has nothing in kernels of this language');
    case 'none':
      return trans.__('The notebook has no kernel');
  }
}
