/** The sidebar: which notebook is meant, and the sections by rank. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import { Panel } from '@lumino/widgets';

import type { ISection } from '../tokens';
import { mlnbIcon } from '../ui/icons';
import { SectionPanel } from './section';

/** Id of the widget in the shell. */
export const SIDEBAR_ID = 'mlnb-sidebar';

/** Which sections are open, by id, as far as the user decided. */
export type OpenSections = Readonly<Record<string, boolean>>;

/** The widget in the left bar. */
export class SidebarPanel extends Panel {
  constructor(options: ISidebarOptions) {
    super();
    this.id = SIDEBAR_ID;
    this._commands = options.commands;
    this._trans = options.trans;
    this.title.icon = mlnbIcon;
    this.title.caption = this._trans.__('mlnb: order, history, runs, features and jobs');
    this.addClass('mlnb-Sidebar');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this._trans.__('mlnb sidebar'));
    options.header.addClass('mlnb-Sidebar-header');
    this._list.addClass('mlnb-Sidebar-sections');
    this.addWidget(options.header);
    this.addWidget(this._list);
  }

  /** Emitted with all decisions of the user when one is added. */
  get decided(): ISignal<this, OpenSections> {
    return this._decided;
  }

  /** What the user decided earlier. */
  set decisions(value: OpenSections) {
    this._decisions = value;
    for (const panel of this._panels()) {
      this._applyDecision(panel);
    }
  }

  /** Adds a section at its rank; disposing the answer takes it out. */
  addSection(section: ISection): IDisposable {
    const panel = new SectionPanel(section, this._commands, this._trans);
    this._applyDecision(panel);
    panel.toggled.connect((_, isOpen) => {
      this._decide(section.id, isOpen);
    });
    const after = this._panels().findIndex(other => other.section.rank > section.rank);
    this._list.insertWidget(after < 0 ? this._list.widgets.length : after, panel);
    return new DisposableDelegate(() => {
      panel.dispose();
    });
  }

  /** Opens a section and scrolls to it. */
  open(id: string): void {
    const panel = this._panels().find(other => other.section.id === id);
    if (panel) {
      panel.isOpen = true;
      panel.isUndecided = false;
      this._decide(id, true);
      panel.node.scrollIntoView({ block: 'nearest' });
    }
  }

  /** Brings the keyboard to a section, or to the first one. */
  focus(id?: string): void {
    const panels = this._panels();
    (panels.find(other => other.section.id === id) ?? panels[0])?.focus();
  }

  private _applyDecision(panel: SectionPanel): void {
    const decision = this._decisions[panel.section.id];
    panel.isUndecided = decision === undefined;
    panel.isOpen = decision ?? panel.isOpen;
  }

  private _decide(id: string, isOpen: boolean): void {
    if (this._decisions[id] !== isOpen) {
      this._decisions = { ...this._decisions, [id]: isOpen };
      this._decided.emit(this._decisions);
    }
  }

  private _panels(): SectionPanel[] {
    return this._list.widgets.filter(widget => widget instanceof SectionPanel);
  }

  private readonly _commands: CommandRegistry;
  private readonly _trans: TranslationBundle;
  private readonly _list = new Panel();
  private readonly _decided = new Signal<this, OpenSections>(this);
  private _decisions: OpenSections = {};
}

/** What a sidebar is made of. */
export interface ISidebarOptions {
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  /** Shown above the sections. */
  readonly header: Widget;
}
