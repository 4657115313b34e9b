// The import rule: a folder of src/ imports from those left of it in the flow only.
const FLOW = [
  'metrics',
  'config',
  'threads',
  'collect',
  'pipeline',
  'store',
  'state',
  'jobs',
  'auth',
  'http',
  'api',
  'cli',
];

/** What may be imported beside oneself and `metrics`, where it is less than everything to the left. */
const ALLOWED = {
  metrics: [],
  config: ['metrics'],
  threads: ['metrics', 'config'],
  store: ['metrics', 'config', 'threads'],
  collect: ['metrics', 'config'],
  pipeline: ['metrics', 'config', 'threads', 'collect', 'store'],
  state: ['metrics', 'config'],
  jobs: ['metrics', 'config', 'store', 'state'],
  auth: ['metrics', 'config', 'state'],
  http: ['metrics', 'config'],
  api: ['metrics', 'config', 'collect', 'pipeline', 'store', 'state', 'jobs', 'auth', 'http'],
  cli: FLOW,
  web: [],
};

const direction = Object.entries(ALLOWED).map(([folder, allowed]) => ({
  name: `${folder}-imports-leftwards`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...direction,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'uws-only-in-http',
      comment: 'So that the server library can be changed in one folder.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/http/' },
      to: { path: 'uWebSockets|uws-pack' },
    },
    {
      name: 'addon-only-in-collect',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(collect|cli)/' },
      to: { path: '^native/' },
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.d.ts'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
};
