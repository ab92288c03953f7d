/** Says something to screen readers without moving the keyboard. */

let region: HTMLElement | null = null;

/** Announces `text` once, after what is being read. */
export function announce(text: string): void {
  if (!region?.isConnected) {
    region = document.createElement('div');
    region.className = 'mlnb-Announcer';
    region.setAttribute('role', 'status');
    region.setAttribute('aria-live', 'polite');
    document.body.append(region);
  }
  const said = region;
  said.textContent = '';
  // a region that has just been made, or says the same again, is only read out when it changes later
  requestAnimationFrame(() => {
    said.textContent = text;
  });
}
