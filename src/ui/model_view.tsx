/** A widget that draws a section's model and draws it again when the model says that it has changed. */

import { ReactWidget } from '@jupyterlab/ui-components';
import type React from 'react';

import type { ISectionModel } from '../tokens';

/** Draws `model` by `draw`; holds no state of its own. */
export class ModelView<M extends ISectionModel> extends ReactWidget {
  constructor(
    private readonly _model: M,
    private readonly _draw: (model: M) => React.JSX.Element
  ) {
    super();
    this.addClass('mlnb-Section-content');
    _model.stateChanged.connect(this._onChanged, this);
  }

  override dispose(): void {
    this._model.stateChanged.disconnect(this._onChanged, this);
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    return this._draw(this._model);
  }

  private _onChanged(): void {
    this.update();
  }
}
