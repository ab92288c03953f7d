/** One section: a header that opens and closes it, and its content. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { Panel, Widget } from '@lumino/widgets';

import type { ISection } from '../tokens';

/**
 * A section on the screen. Its model is active while the section is open and the sidebar is shown; one that opens with
 * content looks for content as long as the user has not decided.
 */
export class SectionPanel extends Panel {
  constructor(
    readonly section: ISection,
    commands: CommandRegistry,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.id = `mlnb-section-${section.id}`;
    this.addClass('mlnb-Section');
    section.content.id ||= `${this.id}-content`;
    section.content.node.setAttribute('role', 'region');
    section.content.node.setAttribute('aria-label', section.label);
    this._buildHeader(commands);
    const header = new Widget({ node: this._header });
    header.addClass('mlnb-Section-header');
    this.addWidget(header);
    this.addWidget(section.content);
    section.model.stateChanged.connect(this._onModel, this);
    this._showCount();
    this.isOpen = section.isOpenAtFirst;
  }

  /** Whether the content is shown. */
  get isOpen(): boolean {
    return !this.section.content.isHidden;
  }
  set isOpen(value: boolean) {
    this.section.content.setHidden(!value);
    this.toggleClass('mlnb-mod-open', value);
    this._button.setAttribute('aria-expanded', String(value));
    this._wake();
  }

  /** Brings the keyboard to its heading. */
  focus(): void {
    this._button.focus();
  }

  /** Whether the user has not yet opened or closed it. */
  get isUndecided(): boolean {
    return this._isUndecided;
  }
  set isUndecided(value: boolean) {
    this._isUndecided = value;
    this._wake();
  }

  /** Emitted when the user opens or closes the section. */
  get toggled(): ISignal<this, boolean> {
    return this._toggled;
  }

  override dispose(): void {
    this.section.model.isActive = false;
    this.section.model.stateChanged.disconnect(this._onModel, this);
    Signal.clearData(this);
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._button.addEventListener('click', this._onClick);
    this._wake();
  }

  protected override onBeforeDetach(message: Message): void {
    this._button.removeEventListener('click', this._onClick);
    this.section.model.isActive = false;
    super.onBeforeDetach(message);
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._wake();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.section.model.isActive = false;
  }

  private readonly _onClick = (): void => {
    this._toggle(!this.isOpen);
  };

  private _toggle(isOpen: boolean): void {
    this._isUndecided = false;
    this.isOpen = isOpen;
    this._toggled.emit(isOpen);
  }

  private _onModel(): void {
    this._showCount();
    const { model, opensWithContent } = this.section;
    if (opensWithContent && this._isUndecided && !this.isOpen && model.count) {
      this._toggle(true);
    }
  }

  private _wake(): void {
    const isLooking = this._isUndecided && this.section.opensWithContent === true;
    this.section.model.isActive = this.isVisible && (this.isOpen || isLooking);
  }

  private _buildHeader(commands: CommandRegistry): void {
    const { section } = this;
    const heading = document.createElement('h3');
    this._button.type = 'button';
    this._button.title = section.caption;
    this._button.setAttribute('aria-controls', section.content.id);
    const caret = caretDownIcon.element({ tag: 'span', className: 'mlnb-Section-caret' });
    caret.setAttribute('aria-hidden', 'true');
    const label = document.createElement('span');
    label.className = 'mlnb-Section-label';
    label.textContent = section.label;
    this._count.className = 'mlnb-Section-count';
    this._button.append(caret, label, this._count);
    heading.append(this._button);
    this._header.append(heading);
    for (const { command } of section.actions ?? []) {
      this._header.append(actionButton(commands, command));
    }
  }

  private _showCount(): void {
    const { count } = this.section.model;
    this._count.textContent = count ? String(count) : '';
    const name = count ? this._trans.__('%1, %2', this.section.label, count) : this.section.label;
    this._button.setAttribute('aria-label', name);
  }

  private _isUndecided = true;
  private readonly _header = document.createElement('div');
  private readonly _button = document.createElement('button');
  private readonly _count = document.createElement('span');
  private readonly _toggled = new Signal<this, boolean>(this);
}

function actionButton(commands: CommandRegistry, command: string): HTMLElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'mlnb-Section-action';
  const label = commands.label(command);
  button.title = commands.caption(command) || label;
  button.setAttribute('aria-label', label);
  const icon = commands.icon(command);
  if (icon instanceof LabIcon) {
    icon.element({ container: button, width: '16px', height: '16px' });
  }
  const refresh = (): void => {
    button.disabled = !commands.isEnabled(command);
  };
  commands.commandChanged.connect(refresh);
  refresh();
  button.addEventListener('click', () => {
    void commands.execute(command);
  });
  return button;
}
