import { availableParallelism, hostname } from 'node:os';
import systeminformation from 'systeminformation';

/** What this host is; read once at start, because asking costs tens of milliseconds. */
export interface HostInventory {
  hostname: string;
  os: string;
  kernel: string;
  architecture: string;
  cpu_model: string;
  /** Logical CPUs. */
  core_count: number;
  physical_cores: number;
  memory_total_bytes: number;
  virtual: boolean;
  /** The hypervisor or container runtime, when there is one and it tells. */
  virtualization: string | null;
  ip_address: string | null;
}

/** Never rejects: what the host does not tell is empty, and counts come from the scheduler then. */
export async function readInventory(): Promise<HostInventory> {
  const facts = await systeminformation
    .get({
      osInfo: 'distro, release, kernel, arch',
      cpu: 'manufacturer, brand, cores, physicalCores',
      mem: 'total',
      system: 'virtual, virtualHost',
      networkInterfaces: 'iface, ip4, default',
    })
    .catch(() => ({}) as Record<string, never>);
  const { osInfo, cpu, mem, system, networkInterfaces } = facts;
  const interfaces: { ip4: string; default: boolean }[] = Array.isArray(networkInterfaces) ? networkInterfaces : [];
  return {
    hostname: hostname(),
    os: [osInfo?.distro, osInfo?.release].filter(Boolean).join(' '),
    kernel: osInfo?.kernel ?? '',
    architecture: osInfo?.arch ?? process.arch,
    cpu_model: [cpu?.manufacturer, cpu?.brand].filter(Boolean).join(' '),
    core_count: cpu?.cores || availableParallelism(),
    physical_cores: cpu?.physicalCores || availableParallelism(),
    memory_total_bytes: mem?.total ?? 0,
    virtual: system?.virtual ?? false,
    virtualization: system?.virtualHost || null,
    ip_address: interfaces.find((entry) => entry.default)?.ip4 || null,
  };
}
