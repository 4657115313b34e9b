/** A container or another control group, as a person knows it. */
export interface ContainerRecord {
  /** The name of its instance in the family `container`: the runtime's id, a unit's name, or its path. */
  runtime_id: string;
  name: string;
  image: string | null;
  /** `running`, `paused`, `exited`, or what else its engine calls it. */
  state: string;
  /** What runs it: `docker`, `podman`, `containerd`, `crio`, `lxc`, `nspawn`; `service`, `scope` or `cgroup`. */
  runtime: string;
  /** The pod's name, or its uid where no more is known. */
  pod: string | null;
  namespace: string | null;
  /** ISO 8601 in UTC with whole seconds: when it was made, or first seen where nobody tells. */
  created_at: string;
}

/** One that is kept. */
export interface Container extends ContainerRecord {
  /** Stays the same for as long as it is known. */
  id: number;
  updated_at: string;
}
