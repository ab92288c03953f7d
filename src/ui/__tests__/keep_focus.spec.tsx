import './on_screen';

import { act } from 'react';
import type { IRoot } from 'react-dom/client';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { Button } from '../components';
import { keepFocus } from '../keep_focus';
import { settled } from './fakes';

let root: IRoot;
let node: HTMLElement;

async function draw(content: React.JSX.Element): Promise<void> {
  await act(async () => {
    root.render(content);
    await settled();
  });
}

function focused(): string | null {
  return document.activeElement === document.body
    ? null
    : (document.activeElement?.textContent ?? null);
}

beforeEach(() => {
  node = document.body.appendChild(document.createElement('div'));
  keepFocus(node);
  root = createRoot(node);
});

afterEach(() => {
  act(() => {
    root.unmount();
  });
  node.remove();
});

const rows = (...names: string[]): React.JSX.Element => (
  <ul>
    {names.map(name => (
      <li key={name}>
        <button type="button">{name}</button>
      </li>
    ))}
  </ul>
);

it('goes on to the next row when its own was removed', async () => {
  await draw(rows('one', 'two', 'three'));
  node.querySelectorAll('button')[1]?.focus();
  await draw(rows('one', 'three'));
  expect(focused()).toBe('three');
});

it('goes to the message that came', async () => {
  await draw(<button type="button">Verify</button>);
  node.querySelector('button')?.focus();
  await draw(
    <div>
      <p role="status">Every byte is as it was.</p>
    </div>
  );
  expect(focused()).toBe('Every byte is as it was.');
});

it('goes to what is nearest when only a part went', async () => {
  const form = (isAsking: boolean): React.JSX.Element => (
    <div>
      <button type="button">far</button>
      <div>
        <button type="button">Name …</button>
        {isAsking && <input />}
      </div>
    </div>
  );
  await draw(form(true));
  node.querySelector('input')?.focus();
  await draw(form(false));
  expect(focused()).toBe('Name …');
});

it('is left alone when the user went elsewhere', async () => {
  const elsewhere = document.body.appendChild(document.createElement('input'));
  await draw(rows('one', 'two'));
  node.querySelector('button')?.focus();
  elsewhere.focus();
  await draw(rows('two'));
  expect(document.activeElement).toBe(elsewhere);
  elsewhere.remove();
});

it('stays on a button that is disabled while it works, which does nothing then', async () => {
  let clicks = 0;
  const button = (isDisabled: boolean): React.JSX.Element => (
    <Button label="Verify" isDisabled={isDisabled} onClick={() => (clicks += 1)} />
  );
  await draw(button(false));
  act(() => node.querySelector('button')?.focus());
  await draw(button(true));
  expect(focused()).toBe('Verify');
  node.querySelector('button')?.click();
  expect(clicks).toBe(0);
  expect(node.querySelector('button')?.getAttribute('aria-disabled')).toBe('true');
  await draw(button(false));
  node.querySelector('button')?.click();
  expect(clicks).toBe(1);
});
