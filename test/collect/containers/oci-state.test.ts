import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readOciFacts } from '../../../src/collect/containers/oci-state.ts';
import { temporaryFolder } from '../../state/temporary.ts';

const ID = 'ab'.repeat(32);
const TASKS = 'containerd/io.containerd.runtime.v2.task';
const CRIO = `containers/storage/overlay-containers/${ID}/userdata/config.json`;

function runFolder(files: Record<string, unknown>): string {
  const run = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(run, path)), { recursive: true });
    writeFileSync(join(run, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return run;
}

test('containerd says what Kubernetes calls a container, in whatever namespace of its own', async () => {
  const annotations = {
    'io.kubernetes.cri.container-name': 'web',
    'io.kubernetes.cri.container-type': 'container',
    'io.kubernetes.cri.image-name': 'docker.io/library/nginx:1.29',
    'io.kubernetes.cri.sandbox-name': 'web-0',
    'io.kubernetes.cri.sandbox-namespace': 'shop',
  };
  const run = runFolder({
    [`${TASKS}/moby/other/config.json`]: {},
    [`${TASKS}/k8s.io/${ID}/config.json`]: { annotations },
  });
  expect(await readOciFacts(run, ID)).toEqual({
    name: 'web',
    image: 'docker.io/library/nginx:1.29',
    state: null,
    pod: 'web-0',
    namespace: 'shop',
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  });
});

test('the container that holds a pod is called as the kubelet calls it', async () => {
  const annotations = { 'io.kubernetes.cri.container-type': 'sandbox', 'io.kubernetes.cri.sandbox-name': 'web-0' };
  const run = runFolder({ [`${TASKS}/k8s.io/${ID}/config.json`]: { annotations } });
  expect(await readOciFacts(run, ID)).toMatchObject({ name: 'POD', pod: 'web-0', image: null });
});

test('CRI-O has annotations of its own', async () => {
  const annotations = {
    'io.kubernetes.container.name': 'web',
    'io.kubernetes.pod.name': 'web-0',
    'io.kubernetes.pod.namespace': 'shop',
    'io.kubernetes.cri-o.ImageName': 'quay.io/nginx:1',
  };
  expect(await readOciFacts(runFolder({ [CRIO]: { annotations } }), ID)).toMatchObject({
    ...{ name: 'web', image: 'quay.io/nginx:1', pod: 'web-0', namespace: 'shop' },
  });
});

test('a configuration without annotations only says since when', async () => {
  const run = runFolder({ [`${TASKS}/default/${ID}/config.json`]: { annotations: [1] } });
  expect(await readOciFacts(run, ID)).toMatchObject({ name: null, pod: null, createdAt: expect.any(String) });
});

test.each([
  ['broken', `{"annotations":`],
  ['too long', `{"annotations":{}}${' '.repeat(4 * 1024 * 1024)}`],
])('a %s configuration is none', async (_, content) => {
  expect(await readOciFacts(runFolder({ [CRIO]: content }), ID)).toBeNull();
});

test('nothing but an id is looked for', async () => {
  const run = runFolder({ 'containers/storage/overlay-containers/config.json': {}, 'userdata/config.json': {} });
  for (const id of ['', '..', '../../..', `${ID}/..`, 'ssh.service']) expect(await readOciFacts(run, id)).toBeNull();
  expect(await readOciFacts(run, ID)).toBeNull();
});
