import type { ContainerInfo } from '../addon.ts';

const SHORT_ID_LENGTH = 12;

/** The kinds that have a runtime's id for a name, which says nothing to anybody. */
const RUNTIMES: ReadonlySet<ContainerInfo['kind']> = new Set(['docker', 'podman', 'containerd', 'crio']);

/** Whether an engine or its state on disk may know more of it. */
export function isOfRuntime({ kind }: Pick<ContainerInfo, 'kind'>): boolean {
  return RUNTIMES.has(kind);
}

/** What a container is called as long as nobody says otherwise: its short id; everything else has a name for an id. */
export function nameItself({ id, kind }: Pick<ContainerInfo, 'id' | 'kind'>): string {
  return RUNTIMES.has(kind) ? id.slice(0, SHORT_ID_LENGTH) : id;
}
