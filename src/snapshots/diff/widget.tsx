/** A comparison as a tab of the main area. */

import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';

import { mlnbIcon } from '../../ui/icons';
import type { DiffModel } from './model';
import { DiffView } from './view';

let count = 0;

/** Draws a `DiffModel`, which it owns, and asks it to load. */
export class DiffWidget extends ReactWidget {
  constructor(
    private readonly _model: DiffModel,
    label: string,
    private readonly _trans: TranslationBundle,
    private readonly _onOther: () => void
  ) {
    super();
    this.id = `mlnb-diff-${++count}`;
    this.addClass('mlnb-Page');
    this.addClass('mlnb-Diff');
    this.title.label = label;
    this.title.icon = mlnbIcon;
    this.title.closable = true;
    _model.stateChanged.connect(this._onChanged, this);
    void _model.refresh();
  }

  override dispose(): void {
    this._model.stateChanged.disconnect(this._onChanged, this);
    this._model.dispose();
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    return <DiffView model={this._model} trans={this._trans} onOther={this._onOther} />;
  }

  private _onChanged(): void {
    this.update();
  }
}
