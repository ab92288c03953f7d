/** The dependency graph as a picture: a list of cells by keyboard and for screen readers, with lines beside it for the eye. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';
import { useEffect, useId, useMemo, useRef, useState } from 'react';

import { sentence } from '../ui/format';
import type { IGraphNode } from './graph';
import { GraphCell } from './graph_cell';
import type { IGraphLayout, IRoute, Side } from './graph_layout';
import { headPath, layoutGraph, ROOMY, routePath, sizesFor } from './graph_layout';
import type { GraphModel } from './graph_model';
import type { Relation } from './graph_relations';
import { cellRelations, edgeRelation } from './graph_relations';
import type { IGraphPart } from './graph_words';
import { edgeText } from './graph_words';

const PAGE = 10;

/** The cells in document order with the edges in lanes at their sides. */
export function GraphPicture({ model, trans }: IGraphPart): React.JSX.Element {
  const { shown, selected, index } = model;
  const chosen = selected?.id ?? null;
  const layout = useMemo(() => layoutGraph(shown, sizesFor(shown.nodes.length)), [shown]);
  const relations = useMemo(() => cellRelations(index, chosen), [index, chosen]);
  const prefix = useId();
  const list = useRef<HTMLDivElement>(null);
  const optionId = selected && `${prefix}${selected.id}`;
  useEffect(() => {
    if (optionId) {
      document.getElementById(optionId)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
  }, [optionId, layout]);
  return (
    <div className="mlnb-Graph-scroller">
      <div className={`mlnb-Graph-canvas${layout.sizes === ROOMY ? ' mlnb-mod-roomy' : ''}`}>
        <Lanes side="left" layout={layout} relations={relations} model={model} trans={trans} />
        <div
          ref={list}
          className="mlnb-Graph-cells"
          role="listbox"
          tabIndex={0}
          aria-label={trans.__('Cells in document order')}
          aria-activedescendant={optionId ?? undefined}
          onKeyDown={event => {
            onKey(event, model);
          }}
        >
          {shown.nodes.map(node => {
            const relation = relations.get(node.id) ?? 'none';
            return (
              <GraphCell
                key={node.id}
                id={`${prefix}${node.id}`}
                node={node}
                index={index}
                relation={relation}
                shared={sharedNames(model, selected, node, relation)}
                height={layout.sizes.rowHeight}
                trans={trans}
                onChoose={() => {
                  list.current?.focus();
                  model.select(node.id);
                  model.reveal(node.id, false);
                }}
                onGo={() => {
                  model.reveal(node.id, true);
                }}
              />
            );
          })}
        </div>
        <Lanes side="right" layout={layout} relations={relations} model={model} trans={trans} />
      </div>
    </div>
  );
}

function Lanes(props: {
  readonly side: Side;
  readonly layout: IGraphLayout;
  readonly relations: ReadonlyMap<string, Relation>;
  readonly model: GraphModel;
  readonly trans: TranslationBundle;
}): React.JSX.Element | null {
  const { side, layout, relations, model, trans } = props;
  const [hovered, setHovered] = useState<{ route: IRoute; x: number; y: number } | null>(null);
  const width = layout.widths[side];
  if (width === 0) {
    return null;
  }
  const routes = layout.routes
    .filter(route => route.side === side)
    .map(route => ({ route, relation: edgeRelation(route.edge, relations) }))
    .sort((a, b) => RANKS.indexOf(a.relation) - RANKS.indexOf(b.relation)); // the important ones on top
  return (
    <div className={`mlnb-Graph-lanes mlnb-mod-${side}`} style={{ width }}>
      <svg width={width} height={layout.height} aria-hidden="true">
        {routes.map(({ route, relation }) => (
          <g
            key={`${route.edge.source} ${route.edge.target} ${route.edge.kind}`}
            className={linkClass(route, relation, hovered?.route === route)}
            onMouseMove={event => {
              const box = event.currentTarget.ownerSVGElement?.getBoundingClientRect();
              setHovered({
                route,
                x: event.clientX - (box?.left ?? 0),
                y: event.clientY - (box?.top ?? 0)
              });
            }}
            onMouseLeave={() => {
              setHovered(null);
            }}
          >
            <path className="mlnb-Link-hit" d={routePath(route, width)} />
            <path className="mlnb-Link-line" d={routePath(route, width)} />
            <path className="mlnb-Link-head" d={headPath(route, width)} />
          </g>
        ))}
      </svg>
      {hovered && (
        <div className="mlnb-Graph-label" style={{ left: hovered.x, top: hovered.y }}>
          {sentence(edgeText(hovered.route.edge, model.index, trans))}
        </div>
      )}
    </div>
  );
}

/** What is drawn last lies on top. */
const RANKS: readonly Relation[] = ['none', 'far-up', 'far-down', 'up', 'down', 'self'];

function linkClass({ edge, side }: IRoute, relation: Relation, isHovered: boolean): string {
  return [
    'mlnb-Link',
    `mlnb-mod-${edge.kind}`,
    `mlnb-mod-${relation}`,
    side === 'left' ? 'mlnb-mod-backwards' : '',
    isHovered ? 'mlnb-mod-hovered' : ''
  ].join(' ');
}

function sharedNames(
  model: GraphModel,
  selected: IGraphNode | null,
  node: IGraphNode,
  relation: Relation
): readonly string[] {
  return selected && (relation === 'up' || relation === 'down')
    ? model.index.namesBetween(selected.id, relation, node.id)
    : [];
}

function onKey(event: React.KeyboardEvent, model: GraphModel): void {
  if (event.altKey || event.ctrlKey || event.metaKey) {
    return;
  }
  const action = actionOf(event.key, model);
  if (action) {
    event.preventDefault();
    event.stopPropagation();
    action();
  }
}

function actionOf(key: string, model: GraphModel): (() => void) | null {
  const { selected } = model;
  switch (key) {
    case 'ArrowDown':
      return () => {
        model.step(1);
      };
    case 'ArrowUp':
      return () => {
        model.step(-1);
      };
    case 'PageDown':
      return () => {
        model.step(PAGE);
      };
    case 'PageUp':
      return () => {
        model.step(-PAGE);
      };
    case 'Home':
      return () => {
        model.step(-Infinity);
      };
    case 'End':
      return () => {
        model.step(Infinity);
      };
    case 'ArrowLeft':
    case 'u':
      return () => {
        model.follow('up');
      };
    case 'ArrowRight':
    case 'd':
      return () => {
        model.follow('down');
      };
    case 'Escape':
      return (
        selected &&
        (() => {
          model.select(null);
        })
      );
    case 'Enter':
      return (
        selected &&
        (() => {
          model.reveal(selected.id, true);
        })
      );
    case ' ':
      return (
        selected &&
        (() => {
          model.reveal(selected.id, false);
        })
      );
    default:
      return null;
  }
}
