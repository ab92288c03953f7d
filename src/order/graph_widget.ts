/** The tab with the dependency graph of one notebook. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import type React from 'react';
import { createElement } from 'react';

import { graphIcon } from '../ui/icons';
import type { GraphModel } from './graph_model';
import { GraphView } from './graph_view';

/** Draws a model, which it owns, and lets it work only while it is seen. */
export class GraphWidget extends ReactWidget {
  /**
   * @param model - what it shows
   * @param _trans - the words
   * @param _open - opens the notebook, which is closed
   */
  constructor(
    readonly model: GraphModel,
    private readonly _trans: TranslationBundle,
    private readonly _open: () => void
  ) {
    super();
    this.addClass('mlnb-Graph');
    this.title.icon = graphIcon;
    this.title.closable = true;
    model.stateChanged.connect(this._onChanged, this);
    this._onChanged();
  }

  override dispose(): void {
    this.model.dispose();
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    return createElement(GraphView, {
      model: this.model,
      trans: this._trans,
      onOpen: this._open
    });
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.model.isActive = true;
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.model.isActive = this.isVisible;
  }

  protected override onBeforeHide(message: Message): void {
    super.onBeforeHide(message);
    this.model.isActive = false;
  }

  protected override onUpdateRequest(message: Message): void {
    super.onUpdateRequest(message);
    void this.renderPromise?.then(() => {
      if (document.activeElement === this.node) {
        this._focus(); // what was to get the keyboard was not there yet
      }
    });
  }

  protected override onActivateRequest(): void {
    this._focus();
  }

  /** The keyboard goes to the cells, or to what stands in their place. */
  private _focus(): void {
    const find = (selector: string): HTMLElement | null => this.node.querySelector(selector);
    const target =
      find('[role="listbox"]') ??
      find('.mlnb-mod-chosen .mlnb-Graph-go') ??
      find('.mlnb-Graph-go, .mlnb-Button');
    (target ?? this.node).focus();
  }

  private _onChanged(): void {
    const name = this.model.path.slice(this.model.path.lastIndexOf('/') + 1);
    this.title.label = this._trans.__('Graph of %1', name);
    this.title.caption = this._trans.__('What depends on what in %1', this.model.path);
    this.update();
  }
}
