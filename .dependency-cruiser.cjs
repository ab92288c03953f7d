// Who may import whom in src/. The same directions as in Python: index > areas > sidebar, notebook > ui > api > tokens.
const areas = 'order|snapshots|models|features|jobs|envs';

module.exports = {
  forbidden: [
    {
      name: 'areas-are-independent',
      comment: 'An area never imports another area; what two areas share is an interface in tokens.ts.',
      severity: 'error',
      from: { path: `^src/(${areas})/` },
      to: { path: `^src/(${areas})/`, pathNot: '^src/$1/' }
    },
    {
      name: 'areas-meet-the-shell-by-tokens-only',
      comment: 'The sidebar and the notebook adapter are plugins; areas reach them through tokens.ts.',
      severity: 'error',
      from: { path: `^src/(${areas})/` },
      to: { path: '^src/(sidebar|notebook)/' }
    },
    {
      name: 'the-shell-knows-no-area',
      severity: 'error',
      from: { path: '^src/(sidebar|notebook|ui|api|tokens)' },
      to: { path: `^src/(${areas})/` }
    },
    {
      name: 'models-know-no-screen',
      comment: 'A model holds state and emits a signal; it can be tested without a browser.',
      severity: 'error',
      from: { path: '(^|/)(model|client|[a-z]+_model)\\.ts$' },
      to: { path: '(node_modules/(react|react-dom|@lumino/widgets|@jupyterlab/(ui-components|apputils|notebook|application))/|/(view|dialog|commands|plugin)\\.tsx?$)' , dependencyTypesNot: ['type-only']}
    },
    {
      name: 'nobody-imports-index',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/index\\.ts$' }
    },
    {
      name: 'tokens-import-nothing-of-ours',
      severity: 'error',
      from: { path: '^src/tokens\\.ts$' },
      to: { path: '^src/' }
    },
    {
      name: 'api-is-the-ground',
      severity: 'error',
      from: { path: '^src/api/' },
      to: { path: '^src/(?!api/|tokens)' }
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: '(\\.d\\.ts|/style/index\\.js|\\.gen\\.ts|\\.json|\\.css)$' }, to: {} }
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js', '.d.ts'], exportsFields: ['exports'], conditionNames: ['import', 'require', 'types'] }
  }
};
