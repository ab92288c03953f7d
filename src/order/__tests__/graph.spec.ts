import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import type { IGraph } from '../graph';
import { GraphIndex, partOfGraph } from '../graph';
import { cellRelations, edgeRelation } from '../graph_relations';
import type { Column } from '../graph_sort';
import { sortedNodes, sortingBy } from '../graph_sort';
import { edgeText, nodeText, someNames } from '../graph_words';
import { cell, link, randomGraph } from './graph_samples';

const GRAPH: IGraph = {
  nodes: [
    cell(1, { defs: ['a', 'b'] }),
    cell(2, { state: 'never_run', defs: [] }),
    cell(3, { state: 'stale', reasons: ['`a` changed'] }),
    cell(4),
    cell(5)
  ],
  edges: [
    link(1, 3, ['a', 'b']),
    link(3, 4),
    link(1, 4, ['b']),
    link(1, 4, ['out.csv'], 'file'),
    link(4, 5),
    link(5, 2)
  ]
};
const trans = nullTranslator.load('mlnb');

describe('the index of a graph', () => {
  const index = new GraphIndex(GRAPH);

  it('knows the neighbours in document order, each once', () => {
    expect(index.neighbours('c4', 'up').map(({ id }) => id)).toEqual(['c1', 'c3']);
    expect(index.neighbours('c1', 'down').map(({ id }) => id)).toEqual(['c3', 'c4']);
    expect(index.neighbours('c1', 'up')).toEqual([]);
  });

  it('knows all that a cell depends on and all that depends on it', () => {
    expect([...index.reach('c4', 'up')].sort()).toEqual(['c1', 'c3']);
    expect([...index.reach('c4', 'down')].sort()).toEqual(['c2', 'c5']);
  });

  it('comes to an end where cells read from each other', () => {
    const round = new GraphIndex({ nodes: [cell(1), cell(2)], edges: [link(1, 2), link(2, 1)] });
    expect([...round.reach('c1', 'down')]).toEqual(['c2']);
  });

  it('reaches up from a cell exactly the cells that reach down to it', () => {
    const graph = randomGraph(40, 2, 3);
    const random = new GraphIndex(graph);
    for (const { id } of graph.nodes) {
      for (const reached of random.reach(id, 'up')) {
        expect(random.reach(reached, 'down').has(id)).toBe(true);
      }
    }
  });

  it('puts cells together that are joined by the same names', () => {
    const star = new GraphIndex({
      nodes: [1, 2, 3, 4].map(number => cell(number)),
      edges: [link(1, 2, ['a']), link(1, 3, ['a', 'b']), link(1, 4, ['a'])]
    });
    const groups = star.groups('c1', 'down');
    expect(groups.map(({ names, cells }) => [names, cells.map(({ id }) => id)])).toEqual([
      [['a'], ['c2', 'c4']],
      [['a', 'b'], ['c3']]
    ]);
  });

  it('knows the names between two cells over edges of every kind', () => {
    expect(index.namesBetween('c4', 'up', 'c1')).toEqual(['b', 'out.csv']);
  });
});

describe('the relations to a chosen cell', () => {
  const relations = cellRelations(new GraphIndex(GRAPH), 'c4');

  it('tell what it reads from what reads it, near and far', () => {
    expect(Object.fromEntries(relations)).toEqual({
      c1: 'up',
      c3: 'up',
      c4: 'self',
      c5: 'down',
      c2: 'far-down'
    });
  });

  it('are those of the edges too', () => {
    expect(GRAPH.edges.map(edge => edgeRelation(edge, relations))).toEqual([
      'far-up',
      'up',
      'up',
      'up',
      'down',
      'far-down'
    ]);
  });

  it('are none when no cell is chosen', () => {
    expect(cellRelations(new GraphIndex(GRAPH), null).size).toBe(0);
  });
});

describe('a part of a graph', () => {
  it('has no edge without both of its ends', () => {
    const part = partOfGraph(GRAPH, ({ number }) => number !== 4);
    expect(part.nodes).toHaveLength(4);
    expect(part.edges).toEqual([link(1, 3, ['a', 'b']), link(5, 2)]);
  });
});

describe('the table of a graph', () => {
  const index = new GraphIndex(GRAPH);
  const numbers = (column: Column, isDescending = false): number[] =>
    sortedNodes(GRAPH.nodes, index, { column, isDescending }).map(({ number }) => number);

  it('is sorted by any column, and equal rows stay in document order', () => {
    expect(numbers('cell', true)).toEqual([5, 4, 3, 2, 1]);
    expect(numbers('state')).toEqual([3, 2, 1, 4, 5]);
    expect(numbers('reads', true)).toEqual([4, 2, 3, 5, 1]);
    expect(numbers('sets')).toEqual([1, 3, 4, 5, 2]);
    expect(numbers('read_by', true)).toEqual([1, 3, 4, 5, 2]);
  });

  it('turns round when the same column is chosen again', () => {
    const first = sortingBy('read_by', { column: 'cell', isDescending: false });
    expect(first).toEqual({ column: 'read_by', isDescending: true });
    expect(sortingBy('read_by', first).isDescending).toBe(false);
  });
});

describe('the graph in words', () => {
  const index = new GraphIndex(GRAPH);

  it('names a cell with all that the picture shows of it', () => {
    expect(nodeText(cell(4), index, trans)).toBe(
      'Cell 4, x4 = 4, Fresh, sets x4, reads from 2 cells, read by 1 cell'
    );
  });

  it('says of each edge who reads what from whom', () => {
    expect(edgeText(link(1, 3, ['a', 'b']), index, trans)).toBe('cell 3 reads a, b from cell 1');
    expect(edgeText(link(1, 4, ['out.csv'], 'file'), index, trans)).toBe(
      'cell 4 reads the file out.csv that cell 1 wrote'
    );
  });

  it('cuts long lists of names', () => {
    expect(someNames(['a', 'b'], 2, trans)).toBe('a, b');
    expect(someNames(['a', 'b', 'c', 'd'], 2, trans)).toBe('a, b and 2 more');
  });
});
