/**
 * The strip at a cell that asks or remarks: plain elements below the cell's code, which come and go with the question.
 *
 * The keyboard is brought to it unless the user is typing; then it is only announced. While the keyboard is in the strip,
 * Escape dismisses it and the notebook's own keys rest.
 */

import type { Cell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';

import type { IQuestion } from '../tokens';
import { announce } from '../ui/announce';
import { textWithCode } from '../ui/text';

/** A question on the screen. */
export class Strip {
  /**
   * Shows `question` at `cell`.
   *
   * @param isTyping - whether the user types elsewhere, so that the keyboard must stay there
   */
  constructor(
    private readonly _question: IQuestion,
    cell: Cell,
    private readonly _trans: TranslationBundle,
    isTyping: boolean
  ) {
    this.answer = new Promise(resolve => {
      this._resolve = resolve;
    });
    this._cameFrom = document.activeElement as HTMLElement | null;
    this._node = this._build();
    const input = cell.node.querySelector(':scope > .jp-Cell-inputWrapper');
    if (input) {
      input.after(this._node);
    } else {
      cell.node.append(this._node); // far outside the view, and not drawn yet
    }
    cell.disposed.connect(() => {
      this.close(null);
    });
    if (isTyping) {
      const said = `${_question.title} ${_question.text}`.replaceAll('`', '');
      announce(_trans.__('%1 Press Escape and W to answer.', said));
      this._node.scrollIntoView({ block: 'nearest' });
    } else {
      this.focus();
    }
  }

  /** The id of the chosen answer; null when it was dismissed. */
  readonly answer: Promise<string | null>;

  /** Brings the keyboard here. */
  focus(): void {
    this._node.focus({ preventScroll: true });
    this._node.scrollIntoView({ block: 'nearest' });
  }

  /** Takes it off the screen with this answer; a second call does nothing. */
  close(answer: string | null): void {
    if (this._node.contains(document.activeElement)) {
      this._cameFrom?.focus({ preventScroll: true });
    }
    this._node.remove();
    this._resolve(answer);
  }

  private _build(): HTMLElement {
    const { kind, title, text, answers } = this._question;
    const node = element('div', `mlnb-Strip mlnb-mod-${kind}`);
    node.tabIndex = -1;
    node.setAttribute('role', 'group');
    node.setAttribute('data-lm-suppress-shortcuts', 'true');
    const words = element('div', 'mlnb-Strip-words');
    words.id = `mlnb-strip-${(Strip._last += 1)}`;
    node.setAttribute('aria-labelledby', words.id);
    const head = element('strong', 'mlnb-Strip-title');
    head.append(...textWithCode(title));
    words.append(head, ' ', ...textWithCode(text));
    const bar = element('div', 'mlnb-Strip-answers');
    for (const [index, { id, label, caption }] of answers.entries()) {
      const button = element('button', `mlnb-Button${index === 0 ? ' mlnb-mod-primary' : ''}`);
      button.textContent = label;
      button.title = caption;
      bar.append(this._closing(button, id));
    }
    const close = element('button', 'mlnb-Strip-close');
    close.title = this._trans.__('Dismiss (Escape)');
    close.setAttribute('aria-label', this._trans.__('Dismiss'));
    closeIcon.element({ container: close, width: '14px', height: '14px' });
    bar.append(this._closing(close, null));
    node.append(words, bar);
    node.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        this.close(null);
      }
      event.stopPropagation();
    });
    return node;
  }

  private _closing(button: HTMLButtonElement, answer: string | null): HTMLButtonElement {
    button.type = 'button';
    button.addEventListener('click', () => {
      this.close(answer);
    });
    return button;
  }

  private static _last = 0;
  private readonly _node: HTMLElement;
  private readonly _cameFrom: HTMLElement | null;
  private _resolve: (answer: string | null) => void = () => undefined;
}

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.className = className;
  return node;
}
