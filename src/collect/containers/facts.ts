/** What an engine or a file of its state tells of a container; null where it does not. */
export interface ContainerFacts {
  name: string | null;
  image: string | null;
  state: string | null;
  pod: string | null;
  namespace: string | null;
  /** ISO 8601 in UTC with whole seconds. */
  createdAt: string | null;
}

/** What the kubelet calls the container that holds a pod's namespaces. */
const SANDBOX_NAME = 'POD';

/** A field of an object of which nothing is known; undefined when it is none or has no such field. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

/** A text of a length that people give things; null for anything else. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= 1024 ? value : null;
}

/** `2025-01-18T10:00:00Z`. @param ms since the Unix epoch */
export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** The same, or null when that is no time. */
export function timeOf(ms: number): string | null {
  return Number.isNaN(new Date(ms).getTime()) ? null : isoSeconds(ms);
}

/** What Kubernetes writes on a container. Engines and runtimes have names of their own for these. */
export function podFacts(
  labels: unknown,
  names: { name: string; pod: string; namespace: string; image: string; kind: string },
): Pick<ContainerFacts, 'name' | 'image' | 'pod' | 'namespace'> {
  const of = (name: string) => textOf(fieldOf(labels, name));
  const sandbox = ['sandbox', 'podsandbox'].includes(of(names.kind) ?? '');
  return {
    name: sandbox ? SANDBOX_NAME : of(names.name),
    image: of(names.image),
    pod: of(names.pod),
    namespace: of(names.namespace),
  };
}
