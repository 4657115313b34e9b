import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ContainerFacts, fieldOf, podFacts, timeOf } from './facts.ts';

/** A configuration is some 10 to 50 KB. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Nothing else is an id, least of all a path. */
const ID = /^[0-9a-f]{64}$/;

/** Annotations of containerd's CRI plug-in (pkg/cri/annotations). */
const CONTAINERD = {
  name: 'io.kubernetes.cri.container-name',
  pod: 'io.kubernetes.cri.sandbox-name',
  namespace: 'io.kubernetes.cri.sandbox-namespace',
  image: 'io.kubernetes.cri.image-name',
  kind: 'io.kubernetes.cri.container-type',
};

/** Annotations of CRI-O (pkg/annotations) and the kubelet. */
const CRIO = {
  name: 'io.kubernetes.container.name',
  pod: 'io.kubernetes.pod.name',
  namespace: 'io.kubernetes.pod.namespace',
  image: 'io.kubernetes.cri-o.ImageName',
  kind: 'io.kubernetes.cri-o.ContainerType',
};

/**
 * What the OCI configuration of a running container says, which its runtime keeps on disk; null when there is none.
 * @param run `/run`
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config.md#annotations
 */
export async function readOciFacts(run: string, id: string): Promise<ContainerFacts | null> {
  if (!ID.test(id)) return null;
  const tasks = join(run, 'containerd/io.containerd.runtime.v2.task');
  const namespaces = await readdir(tasks).catch(() => []);
  const sources = [
    ...namespaces.map((namespace) => ({ file: join(tasks, namespace, id, 'config.json'), names: CONTAINERD })),
    { file: join(run, 'containers/storage/overlay-containers', id, 'userdata/config.json'), names: CRIO },
  ];
  for (const { file, names } of sources) {
    const read = await readJson(file).catch(() => null);
    if (!read) continue;
    const facts = podFacts(fieldOf(read.content, 'annotations'), names);
    return { ...facts, state: null, createdAt: timeOf(read.writtenMs) };
  }
  return null;
}

async function readJson(path: string): Promise<{ content: unknown; writtenMs: number } | null> {
  const file = await open(path);
  try {
    const { size, mtimeMs } = await file.stat();
    if (size > MAX_BYTES) return null;
    return { content: JSON.parse(await file.readFile('utf8')), writtenMs: mtimeMs };
  } finally {
    await file.close();
  }
}
