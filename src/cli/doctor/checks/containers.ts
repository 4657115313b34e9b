import { connect } from 'node:net';
import { join } from 'node:path';
import { type Circumstances, limited, missing, NOT_ASKED, ok } from '../circumstances.ts';
import type { Check } from '../report.ts';
import { exists, list, read } from '../tree.ts';

/** What a container's figures come from. */
const WANTED = { v1: ['cpu', 'cpuacct', 'memory', 'blkio', 'pids'], v2: ['cpu', 'memory', 'io', 'pids'] } as const;

export function cgroups({ tree }: Circumstances): Check {
  const name = 'cgroups';
  const unified = read(tree.cgroup('cgroup.controllers'));
  if (unified !== null) {
    const lacking = WANTED.v2.filter((controller) => !unified.split(' ').includes(controller));
    if (lacking.length === 0) return ok(name, `v2: ${unified}`);
    const remedy = `boot without cgroup_no_v1= and cgroup_disable= of ${lacking.join(' ')}, or cgroup_enable=${lacking.join(',')}`;
    return limited(name, `v2: ${unified}`, `no ${lacking.join(' ')} controller`, remedy);
  }
  const hierarchies = list(tree.roots.cgroupfs).filter((entry) => exists(tree.cgroup(entry, 'tasks')));
  if (hierarchies.length === 0)
    return missing(name, `${tree.roots.cgroupfs} has no cgroups`, `mount -t cgroup2 cgroup2 ${tree.roots.cgroupfs}`);
  const mounted = [...new Set(hierarchies.flatMap((hierarchy) => hierarchy.split(',')))];
  const value = `v1: ${mounted.join(' ')}`;
  const lacking = WANTED.v1.filter((controller) => !mounted.includes(controller));
  if (lacking.length === 0) return ok(name, value);
  const mount = (controller: string) => {
    const folder = tree.cgroup(controller);
    return `mkdir ${folder} && mount -t cgroup -o ${controller} cgroup ${folder}`;
  };
  return limited(name, value, `no ${lacking.join(' ')} hierarchy is mounted`, lacking.map(mount).join('; '));
}

interface Runtime {
  name: string;
  sockets: readonly string[];
  /** What starts it listening; null where it always does. */
  listen: string | null;
  /** What lets this user talk to it. */
  permit: string;
}

const AS_ROOT = 'run as root';

function knownRuntimes(): Runtime[] {
  const own = process.env['XDG_RUNTIME_DIR'];
  return [
    { name: 'docker', sockets: ['/run/docker.sock'], listen: null, permit: 'usermod -aG docker USER, or run as root' },
    {
      name: 'podman',
      sockets: ['/run/podman/podman.sock', ...(own === undefined ? [] : [join(own, 'podman/podman.sock')])],
      listen: 'where Podman is used: systemctl enable --now podman.socket',
      permit: AS_ROOT,
    },
    { name: 'containerd', sockets: ['/run/containerd/containerd.sock'], listen: null, permit: AS_ROOT },
    { name: 'cri_o', sockets: ['/run/crio/crio.sock'], listen: null, permit: AS_ROOT },
  ];
}

/** Whether containers' names can be asked for; each socket is connected to, and let go. */
export async function runtimes({ tree }: Circumstances): Promise<Check[]> {
  return Promise.all(
    knownRuntimes().map(async ({ name, sockets, listen, permit }) => {
      if (!tree.isThisHost) return missing(name, NOT_ASKED, null);
      const path = sockets.find(exists);
      if (path === undefined) return missing(name, `no socket at ${sockets.join(' or ')}`, listen);
      const refused = await tryToConnect(path);
      if (refused === null) return ok(name, path);
      const permitted = refused !== 'EACCES' && refused !== 'EPERM';
      return limited(name, path, `${refused}: ${path}`, permitted ? `systemctl restart ${name}` : permit);
    }),
  );
}

const PATIENCE_MS = 500;

/** Null when somebody answers, else the errno's name. */
function tryToConnect(path: string): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = connect(path, () => resolve(null));
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'EIO'));
  socket.setTimeout(PATIENCE_MS, () => resolve('ETIMEDOUT'));
  return promise.finally(() => socket.destroy());
}
