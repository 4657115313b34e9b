// What `npm start`, `npm test` and the other scripts run first: it brings the checkout up to date (packages, addon, page,
// bundle), then hands over. Plain JavaScript, because it runs on the host's own Node (20 or newer) before ours is there.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const BUILD = join(ROOT, '.build');
const BIN = join(ROOT, 'node_modules', '.bin');
const NODE = join(BIN, 'node');
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning'];

/** What is built, from which files, and how; `inputs` decide whether it is stale. */
const STEPS = {
  packages: {
    says: 'installing packages',
    inputs: ['package.json', 'package-lock.json'],
    output: 'node_modules/.bin/node',
    run: () => run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {}),
  },
  addon: {
    says: 'building the native sampler (about half a minute the first time)',
    inputs: ['Cargo.toml', 'Cargo.lock', '.cargo', 'native'],
    output: '.build/tacho.node',
    needs: requireRust,
    run: buildAddon,
  },
  page: {
    says: 'building the page',
    inputs: ['package-lock.json', 'src/web'],
    output: '.build/web/index.html',
    run: () => run(join(BIN, 'vite'), ['build', '--config', 'src/web/vite.config.ts', '--logLevel', 'warn']),
  },
  bundle: {
    says: 'bundling the daemon',
    inputs: ['package.json', 'package-lock.json', 'rolldown.config.ts', 'src'],
    output: '.build/bundle/main.mjs',
    run: buildBundle,
  },
};

/** Built aside and moved into place: a daemon that runs has the old file mapped, and must not see it change. */
function buildAddon() {
  const paths = [
    '--manifest-path',
    'native/Cargo.toml',
    '--config-path',
    'native/napi.json',
    '--output-dir',
    '.build/addon',
  ];
  run(join(BIN, 'napi'), ['build', '--release', ...paths, '--no-js', '--dts', '../../native/index.d.ts']);
  renameSync(join(BUILD, 'addon', 'tacho.node'), join(BUILD, 'tacho.node'));
}

function buildBundle() {
  // Chunks are named by their content: those of earlier builds would stay for ever.
  rmSync(join(BUILD, 'bundle'), { recursive: true, force: true });
  run(join(BIN, 'rolldown'), ['--config', 'rolldown.config.ts', '--logLevel', 'warn']);
}

const CHECKS = [
  ['types', 'tsc', ['--noEmit']],
  ['types of the page', 'tsc', ['--noEmit', '-p', 'src/web']],
  ['format and lint', 'biome', ['check', '--error-on-warnings', '.']],
  ['import direction', 'depcruise', ['--config', '.dependency-cruiser.cjs', 'src']],
  ['unused code', 'knip', []],
  ['Rust format', 'cargo', ['fmt', '--all', '--check']],
  ['Rust lints', 'cargo', ['clippy', '--workspace', '--all-targets', '--locked', '--quiet', '--', '-D', 'warnings']],
  ['generated documentation', 'node', [...NODE_FLAGS, 'src/cli/docs.ts', '--check']],
];

const COMMANDS = {
  start: (args) => handOver(NODE, [...NODE_FLAGS, 'src/main.ts', 'serve', ...args]),
  tacho: (args) => handOver(NODE, [...NODE_FLAGS, 'src/main.ts', ...args]),
  bench: (args) => handOver(NODE, [...NODE_FLAGS, 'bench/main.ts', ...args]),
  fuzz: (args) => handOver(NODE, [...NODE_FLAGS, 'native/fuzz/run.ts', ...args]),
  docs: (args) => handOver(NODE, [...NODE_FLAGS, 'src/cli/docs.ts', ...args]),
  build: () => ensure('bundle'),
  check,
  golden,
  test,
};

function fail(message) {
  process.stderr.write(`tacho: ${message}\n`);
  process.exit(1);
}

/** The packages' own tools first, and our Node for those that are scripts: the host's may be too old for them. */
const WITH_TOOLS = { PATH: `${BIN}:${process.env.PATH}` };

/** Runs a tool in the checkout, its output shown; ends this process when it fails. */
function run(command, args, env = WITH_TOOLS) {
  const result = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
  if (result.error) fail(`cannot run ${command}: ${result.error.message}`);
  if (result.status !== 0) fail(`${relative(ROOT, command)} ${args.join(' ')} failed`);
}

function answers(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

function requireRust() {
  if (!answers('cargo')) {
    fail('cargo is missing: install Rust 1.88 or newer from https://rustup.rs, then run this again');
  }
  if (!answers(process.env.CC ?? 'cc')) {
    fail('a C linker (cc) is missing: install one with `apt install gcc` or `dnf install gcc`, then run this again');
  }
}

function filesUnder(path) {
  const absolute = join(ROOT, path);
  if (!existsSync(absolute)) return [];
  try {
    return readdirSync(absolute, { withFileTypes: true })
      .flatMap((entry) => filesUnder(join(path, entry.name)))
      .sort();
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path];
    throw error;
  }
}

function fingerprint(inputs) {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap(filesUnder)) {
    // Generated by the addon's own build: it must not make that build stale.
    if (file === 'native/index.d.ts') continue;
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(ROOT, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** Brings one build product up to date; says so only when there is something to do. */
function ensure(name) {
  const step = STEPS[name];
  const stamp = join(BUILD, 'stamps', name);
  const wanted = fingerprint(step.inputs);
  const fresh = existsSync(join(ROOT, step.output)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (fresh) return;
  step.needs?.();
  process.stderr.write(`tacho: ${step.says} …\n`);
  rmSync(stamp, { force: true });
  step.run();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, fingerprint(step.inputs));
}

function requireOwnNode() {
  const version = existsSync(NODE) ? spawnSync(NODE, ['--version'], { encoding: 'utf8' }).stdout?.trim() : undefined;
  if (!version?.startsWith('v22.')) {
    fail(
      `no Node 22 for ${process.platform} ${process.arch} (glibc) came with the packages: Tacho runs on Linux x64 and arm64`,
    );
  }
}

/** Becomes the command where Node can do that (22.15 or newer), else runs it as a child that gets every signal. */
function handOver(command, args) {
  process.chdir(ROOT);
  if (typeof process.execve === 'function') process.execve(command, [command, ...args], process.env);
  const child = spawn(command, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
}

function check() {
  let failed = 0;
  for (const [name, command, args] of CHECKS) {
    process.stderr.write(`check: ${name}\n`);
    const result = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...WITH_TOOLS } });
    if (result.status !== 0) {
      failed += 1;
      process.stderr.write(`check: ${name} FAILED (${command} ${args.join(' ')})\n`);
    }
  }
  process.exit(failed === 0 ? 0 : 1);
}

/** The Rust suite, then the vitest suite; arguments go to vitest (`npm test -- test/store`) and then it runs alone. */
function test(args) {
  if (args.length === 0) run('cargo', ['test', '--workspace', '--locked', '--quiet']);
  run(NODE, [join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...args]);
}

/** Writes the golden outputs anew: what they become is to be reviewed like code. */
function golden() {
  run('cargo', ['test', '--package', 'tacho-native', '--locked', '--quiet', 'golden'], { TACHO_GOLDEN: 'write' });
}

const [command = '', ...args] = process.argv.slice(2);
const action = COMMANDS[command];
if (!action) fail(`unknown command ${command}; known: ${Object.keys(COMMANDS).join(', ')}`);
if (process.platform !== 'linux') fail('Tacho reads the Linux kernel: it runs on Linux only');
ensure('packages');
requireOwnNode();
// What is about the Rust code alone needs neither the addon nor the page.
if (command === 'fuzz' || command === 'golden') {
  requireRust();
} else {
  ensure('addon');
  ensure('page');
}
if (command === 'test' || command === 'bench') ensure('bundle');
action(args);
