import { execFileSync } from 'node:child_process';
import { temporaryFolder } from '../fixtures.ts';

/** A small file system of its own; null where that is not allowed. */
export async function smallDisk(size: string): Promise<{ path: string; remove(): Promise<void> } | null> {
  const folder = await temporaryFolder('full-');
  try {
    execFileSync('/usr/bin/mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder.path], { stdio: 'ignore' });
  } catch {
    await folder.remove();
    return null;
  }
  return {
    path: folder.path,
    remove: async () => {
      execFileSync('/usr/bin/umount', [folder.path]);
      await folder.remove();
    },
  };
}
