/** Where the keyboard goes when what it was on goes away. */

const MESSAGE = '[role=status], [role=alert], [role=group].mlnb-Message';
const FOCUSABLE = 'button:not(:disabled), select:not(:disabled), input:not(:disabled), a[href]';

/**
 * Keeps the focus below `root`: when the element that has it is removed, the message or question that came in its place gets it, else the next
 * row of the list, else what is nearest around it. Without it the next Tab would begin at the top of the page.
 */
export function keepFocus(root: HTMLElement): void {
  let last: Element | null = null;
  root.addEventListener('focusin', ({ target }) => {
    last = target instanceof Element ? target : null;
  });
  root.ownerDocument.addEventListener('pointerdown', ({ target }) => {
    if (!(target instanceof Node && root.contains(target))) {
      last = null; // the user went elsewhere
    }
  });
  new MutationObserver(records => {
    const { activeElement, body } = root.ownerDocument;
    if (!last || root.contains(last) || (activeElement && activeElement !== body)) {
      return;
    }
    placeFor(last, records, root)?.focus();
  }).observe(root, { childList: true, subtree: true });
}

function placeFor(
  gone: Element,
  records: readonly MutationRecord[],
  root: HTMLElement
): HTMLElement | null {
  const message = records
    .flatMap(({ addedNodes }) => [...addedNodes])
    .filter(node => node instanceof HTMLElement)
    .map(node => (node.matches(MESSAGE) ? node : node.querySelector<HTMLElement>(MESSAGE)))
    .find(node => node !== null);
  if (message) {
    message.tabIndex = -1;
    return message;
  }
  const record = records.find(({ removedNodes }) =>
    [...removedNodes].some(node => node.contains(gone))
  );
  const beside = record?.nextSibling ?? record?.previousSibling;
  if (gone.closest('li') && !root.contains(gone.closest('li')) && beside instanceof HTMLElement) {
    const found = beside.querySelector<HTMLElement>(FOCUSABLE);
    if (found) {
      return found;
    }
  }
  let around = record?.target instanceof Element ? record.target : root;
  while (around !== root && around.parentElement && !around.querySelector(FOCUSABLE)) {
    around = around.parentElement;
  }
  return around.querySelector<HTMLElement>(FOCUSABLE);
}
