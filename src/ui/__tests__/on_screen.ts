/** What jsdom lacks of a browser that components of JupyterLab ask for. Import it before them. */

const world = globalThis as Record<string, unknown>;

world['DragEvent'] ??= class extends MouseEvent {};
world['matchMedia'] ??= () => ({ matches: false, addEventListener: () => undefined });
world['IS_REACT_ACT_ENVIRONMENT'] = true;
Element.prototype.scrollIntoView = () => undefined; // jsdom lays nothing out
