import { type ContainerFacts, fieldOf, podFacts, textOf, timeOf } from './facts.ts';

/**
 * What the Docker Engine API says of containers; Podman's is compatible.
 * @see https://docs.docker.com/reference/api/engine/
 */

/** Labels of the kubelet on Docker's containers. */
const KUBERNETES = {
  name: 'io.kubernetes.container.name',
  pod: 'io.kubernetes.pod.name',
  namespace: 'io.kubernetes.pod.namespace',
  // Images are told beside the labels.
  image: '',
  kind: 'io.kubernetes.docker.type',
};

/** The answer to `GET /containers/json`, by id; what makes no sense is left out. Null when it is no list. */
export function listed(answer: unknown): Map<string, ContainerFacts> | null {
  if (!Array.isArray(answer)) return null;
  const all = new Map<string, ContainerFacts>();
  for (const entry of answer) {
    const id = textOf(fieldOf(entry, 'Id'));
    if (id === null) continue;
    const created = fieldOf(entry, 'Created');
    all.set(id, {
      ...named(nameAmong(fieldOf(entry, 'Names')), fieldOf(entry, 'Labels')),
      image: textOf(fieldOf(entry, 'Image')),
      state: textOf(fieldOf(entry, 'State')),
      createdAt: typeof created === 'number' ? timeOf(created * 1_000) : null,
    });
  }
  return all;
}

/** The answer to `GET /containers/{id}/json`; null when it makes no sense. */
export function inspected(answer: unknown): ContainerFacts | null {
  const state = textOf(fieldOf(fieldOf(answer, 'State'), 'Status'));
  if (state === null) return null;
  const config = fieldOf(answer, 'Config');
  return {
    ...named(nameAmong([fieldOf(answer, 'Name')]), fieldOf(config, 'Labels')),
    image: textOf(fieldOf(config, 'Image')),
    state,
    createdAt: timeOf(Date.parse(textOf(fieldOf(answer, 'Created')) ?? '')),
  };
}

/** What happens inside a container is no matter of its name or state. */
const INSIDE = /^(exec_|health_status|top|attach|resize|export|copy|archive-path|extract-to-dir)/;

/** The container that an event of `GET /events` is about; null when it changes nothing about one. */
export function changedBy(event: unknown): string | null {
  if ((fieldOf(event, 'Type') ?? 'container') !== 'container') return null;
  const action = textOf(fieldOf(event, 'Action')) ?? textOf(fieldOf(event, 'status'));
  if (action === null || INSIDE.test(action)) return null;
  return textOf(fieldOf(fieldOf(event, 'Actor'), 'ID')) ?? textOf(fieldOf(event, 'id'));
}

/** A container's own name; those with another `/` in them are what its links call it. */
function nameAmong(names: unknown): string | null {
  const texts = (Array.isArray(names) ? names : []).flatMap((name) => textOf(name) ?? []);
  const bare = texts.map((name) => name.replace(/^\//, ''));
  return bare.find((name) => !name.includes('/')) ?? bare[0] ?? null;
}

function named(name: string | null, labels: unknown): Pick<ContainerFacts, 'name' | 'pod' | 'namespace'> {
  const { name: inPod, pod, namespace } = podFacts(labels, KUBERNETES);
  return { name: inPod ?? name, pod, namespace };
}
