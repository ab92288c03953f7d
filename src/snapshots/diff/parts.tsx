/** The shapes that a comparison is made of: sections that fold, long lists in pieces, signs of what happened. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';
import { useId, useState } from 'react';

import { Button } from '../../ui/components';

/** What can have happened to anything. */
export type Kind = 'added' | 'removed' | 'changed' | 'moved';

const SIGNS: Readonly<Record<Kind, string>> = {
  added: '+',
  removed: '−',
  changed: '≠',
  moved: '⇅'
};

/** What happened, as a word. */
export function kindText(kind: Kind, trans: TranslationBundle): string {
  switch (kind) {
    case 'added':
      return trans.__('added');
    case 'removed':
      return trans.__('removed');
    case 'changed':
      return trans.__('changed');
    case 'moved':
      return trans.__('moved');
  }
}

/** What happened, as a sign and a word. */
export function KindMark(props: {
  readonly kind: Kind;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  return (
    <span className={`mlnb-Diff-kind mlnb-mod-${props.kind}`}>
      <span aria-hidden="true">{SIGNS[props.kind]}</span> {kindText(props.kind, props.trans)}
    </span>
  );
}

/** "2 changed, 1 added". */
export function tally(kinds: readonly Kind[], trans: TranslationBundle): string {
  const order: readonly Kind[] = ['changed', 'added', 'removed', 'moved'];
  return order
    .map(kind => [kinds.filter(one => one === kind).length, kindText(kind, trans)] as const)
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${count} ${text}`)
    .join(', ');
}

/** The button in a heading that folds what `id` names. */
export function Fold(props: {
  readonly id: string;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  readonly children: React.ReactNode;
}): React.JSX.Element {
  return (
    <button
      type="button"
      className="mlnb-Diff-fold"
      aria-expanded={props.isOpen}
      aria-controls={props.isOpen ? props.id : undefined}
      onClick={props.onToggle}
    >
      <span className="mlnb-Row-caret" aria-hidden="true" />
      {props.children}
    </button>
  );
}

/** A part with a heading that folds it. */
export function Section(props: {
  readonly title: string;
  readonly count: string;
  readonly children: React.ReactNode;
}): React.JSX.Element {
  const [isOpen, setOpen] = useState(true);
  const id = useId();
  return (
    <section className="mlnb-Diff-section" aria-label={props.title}>
      <h2>
        <Fold
          id={id}
          isOpen={isOpen}
          onToggle={() => {
            setOpen(!isOpen);
          }}
        >
          {props.title} <span className="mlnb-Diff-count">{props.count}</span>
        </Fold>
      </h2>
      {isOpen && <div id={id}>{props.children}</div>}
    </section>
  );
}

/** A long list, some at a time, so that a large comparison is on the screen at once. */
export function Paged<T>(props: {
  readonly items: readonly T[];
  readonly size: number;
  readonly trans: TranslationBundle;
  readonly children: (shown: readonly T[]) => React.ReactNode;
}): React.JSX.Element {
  const [count, setCount] = useState(props.size);
  const left = props.items.length - count;
  return (
    <>
      {props.children(props.items.slice(0, count))}
      {left > 0 && (
        <p className="mlnb-Actions mlnb-Diff-more">
          <Button
            label={props.trans.__('Show %1 more', Math.min(left, props.size))}
            onClick={() => {
              setCount(count + props.size);
            }}
          />
          <span className="mlnb-Secondary">
            {props.trans._n('%1 is not shown yet', '%1 are not shown yet', left)}
          </span>
        </p>
      )}
    </>
  );
}
