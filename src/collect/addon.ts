import { createRequire } from 'node:module';
import type * as Addon from '../../native/index.d.ts';
import { ADDON_PATH } from '../config/artifacts.ts';

export type { ContainerInfo, PerfEventStatus, PerfSettings, SamplerStats } from '../../native/index.d.ts';

/** The native sampler. Loaded on the main thread only: Rust addons that were unloaded with a worker have crashed. */
export const addon: typeof Addon = createRequire(import.meta.url)(ADDON_PATH);
