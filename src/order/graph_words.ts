/** The dependency graph in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { reasonText, stateText } from './words';
import type { GraphIndex, IGraphEdge, IGraphNode, LinkKind } from './graph';
import type { GraphModel, Situation } from './graph_model';

/** What every part of a graph tab is given. */
export interface IGraphPart {
  readonly model: GraphModel;
  readonly trans: TranslationBundle;
}

/** What joins two cells, in one word. */
export function kindText(kind: LinkKind, trans: TranslationBundle): string {
  switch (kind) {
    case 'name':
      return trans.__('name');
    case 'file':
      return trans.__('file');
    case 'module':
      return trans.__('module');
    case 'other':
      return trans.__('other');
  }
}

/** A cell's state in a word or two, with the tag that keeps it from running. */
export function nodeStateText(node: IGraphNode, trans: TranslationBundle): string {
  switch (node.kept) {
    case 'skip':
      return trans.__('Skipped');
    case 'frozen':
      return trans.__('Frozen');
    case '':
      return shortStateText(node, trans);
  }
}

function shortStateText(node: IGraphNode, trans: TranslationBundle): string {
  switch (node.state) {
    case 'edited':
      return trans.__('Edited');
    case 'never_run':
      return trans.__('Not run');
    default:
      return stateText(node.state, trans);
  }
}

/** Why a cell is as it is; empty when there is nothing to add to its state. */
export function nodeReason(node: IGraphNode, trans: TranslationBundle): string {
  if (node.reasons.length === 0) {
    return '';
  }
  return reasonText({ state: node.state, reasons: node.reasons }, trans);
}

/** Names as a list, with "and 3 more" when there are many. */
export function someNames(
  names: readonly string[],
  most: number,
  trans: TranslationBundle
): string {
  const shown = names.slice(0, most).join(', ');
  return names.length <= most
    ? shown
    : trans._n('%2 and %1 more', '%2 and %1 more', names.length - most, shown);
}

/** A cell with all that the picture shows of it, for those who hear it. */
export function nodeText(node: IGraphNode, index: GraphIndex, trans: TranslationBundle): string {
  const up = index.neighbours(node.id, 'up').length;
  const down = index.neighbours(node.id, 'down').length;
  const parts = [
    trans.__('Cell %1', node.number),
    node.title,
    nodeStateText(node, trans),
    node.defs.length > 0 ? trans.__('sets %1', someNames(node.defs, 5, trans)) : '',
    up > 0 ? trans._n('reads from %1 cell', 'reads from %1 cells', up) : '',
    down > 0 ? trans._n('read by %1 cell', 'read by %1 cells', down) : ''
  ];
  return parts.filter(Boolean).join(', ');
}

/** An edge in words: what is read, by which cell, from which cell. */
export function edgeText(edge: IGraphEdge, index: GraphIndex, trans: TranslationBundle): string {
  const source = index.node(edge.source)?.number ?? '?';
  const target = index.node(edge.target)?.number ?? '?';
  const names = edge.names.join(', ');
  switch (edge.kind) {
    case 'name':
      return trans.__('cell %1 reads %2 from cell %3', target, names, source);
    case 'file':
      return trans.__('cell %1 reads the file %2 that cell %3 wrote', target, names, source);
    case 'module':
      return trans.__('cell %1 uses the module %2 as cell %3 left it', target, names, source);
    case 'other':
      return trans.__('cell %1 depends on %2 as cell %3 left it', target, names || '…', source);
  }
}

/** What to say when there is no graph to show; null when there is another sign of it. */
export function situationText(situation: Situation, trans: TranslationBundle): string | null {
  switch (situation) {
    case 'closed':
      return trans.__(
        'The dependency graph shows which cell reads what from which other cell. It needs the notebook to be open.'
      );
    case 'no_kernel':
      return trans.__(
        'What cells read and set is known to the kernel, and this notebook has none. Choose a kernel for it, and the graph appears.'
      );
    case 'connecting':
      return trans.__('Waiting for the kernel …');
    case 'absent':
      return trans.__(
        'The kernel of this notebook runs without mlnb, so nobody knows what its cells read and set. Install mlnb in its environment, or run %load_ext mlnb.'
      );
    case 'foreign':
      return trans.__(
        'The dependency graph is not for the language of this kernel: nobody reads what its cells read and set.'
      );
    case 'off':
      return trans.__(
        'mlnb does not watch the order in this kernel, so there is no graph. Choose another mode in the Order section.'
      );
    case 'loading':
      return trans.__('Loading …');
    case 'empty':
      return trans.__(
        'The notebook has no code yet. As soon as a cell sets a name and another one reads it, the two are joined here.'
      );
    case 'all_fresh':
      return trans.__('Every cell is fresh: nothing is hidden behind this filter but good news.');
    case 'failed':
    case 'ready':
      return null;
  }
}
