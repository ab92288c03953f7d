/** The part of react-dom that tests draw with; it brings no types of its own. */
declare module 'react-dom/client' {
  import type { ReactNode } from 'react';

  export interface IRoot {
    render(content: ReactNode): void;
    unmount(): void;
  }
  export function createRoot(node: Element): IRoot;
}
