/** The line in a notebook's toolbar: whether what it shows equals a clean run. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import { ReactWidget } from '@jupyterlab/ui-components';
import type React from 'react';

import type { INotebook } from '../tokens';
import {
  badIcon,
  cancelledIcon,
  emptyIcon,
  goodIcon,
  planIcon,
  staleIcon,
  cannotTellIcon
} from '../ui/icons';
import type { OrderModel } from './model';
import type { SummaryKind } from './summary';
import { summaryLine } from './summary';

const ICONS: Readonly<Record<SummaryKind, LabIcon>> = {
  clean: goodIcon,
  stale: staleIcon,
  not_run: emptyIcon,
  unknown: cannotTellIcon,
  off: cancelledIcon,
  fault: badIcon,
  linear: planIcon
};

/** Follows one notebook; a click leads to the section. */
export class OrderHeader extends ReactWidget {
  /**
   * @param _find - the notebook of this toolbar, once it is open
   * @param _show - brings the section to the front
   */
  constructor(
    private readonly _model: OrderModel,
    private readonly _find: () => INotebook | null,
    private readonly _trans: TranslationBundle,
    private readonly _show: () => void
  ) {
    super();
    this.addClass('mlnb-OrderHeader');
    _model.stateChanged.connect(this._onChanged, this);
  }

  override dispose(): void {
    this._model.stateChanged.disconnect(this._onChanged, this);
    super.dispose();
  }

  protected override render(): React.JSX.Element | null {
    const notebook = this._find();
    const follower = notebook && this._model.followerOf(notebook);
    const line =
      follower && summaryLine(notebook.kernel.state, follower.status, follower.mode, this._trans);
    if (!line) {
      return null;
    }
    const Icon = ICONS[line.kind];
    return (
      <button
        type="button"
        className={`mlnb-OrderHeader-button mlnb-mod-${line.kind.replace('_', '-')}`}
        title={this._trans.__('%1. Show what mlnb knows of the order', line.detail)}
        onClick={this._show}
      >
        <Icon.react tag="span" className="mlnb-StateIcon" width="14px" height="14px" />
        <span className="mlnb-OrderHeader-text">{line.text}</span>
      </button>
    );
  }

  private _onChanged(): void {
    this.update();
  }
}
