import { appVersion } from '../../config/artifacts.ts';
import type { Settings } from '../../config/schema.ts';
import { checkHost } from './checks.ts';
import { cpusOnlineOf, describeHost, hypervisorOf } from './host.ts';
import { lookAtHost } from './look.ts';
import type { Report } from './report.ts';
import { renderScreen } from './screen.ts';
import { Tree } from './tree.ts';

export interface DoctorOptions {
  json?: boolean;
}

/**
 * `tacho doctor`: what can be measured here, at which cost, and what would change the rest. Needs no daemon and touches no data folder.
 * Exit code 1 when not even /proc can be read.
 */
export async function examineHost(settings: Settings, { json = false }: DoctorOptions): Promise<void> {
  const report = await examine(settings);
  const colours = process.stdout.isTTY && !process.env['NO_COLOR'];
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : renderScreen(report, colours));
  if (report.checks.some(({ name, state }) => name === 'procfs' && state === 'missing')) process.exitCode = 1;
}

async function examine(settings: Settings): Promise<Report> {
  const tree = new Tree(settings);
  const look = await lookAtHost(settings);
  const [cpusOnline, hypervisor] = [cpusOnlineOf(tree), hypervisorOf(tree)];
  const checks = await checkHost({ tree, look, cpusOnline, hypervisor });
  return { version: appVersion(), host: describeHost(tree, cpusOnline, hypervisor), checks, ...look };
}
