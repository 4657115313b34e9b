import { LOCAL_COLLECTOR } from '../auth/bootstrap.ts';
import { ContainerDirectory } from '../collect/containers/directory.ts';
import type { FrameSource } from '../collect/frame-source.ts';
import type { FrameLayout } from '../metrics/frame.ts';
import type { LiveHub } from '../pipeline/live.ts';
import type { RuntimeConfig } from '../state/runtime-config.ts';
import type { State } from '../state/state.ts';
import { isoSeconds } from '../state/time.ts';
import type { Logger } from './log.ts';
import type { Teardown } from './teardown.ts';

const FAMILY = 'container';
const DAY_MS = 86_400_000;

/** Starts to find out what the sampled containers are called. The sampler is asked which there are only when its frames have others than before. */
export function startContainers(
  { source, hub }: { source: Pick<FrameSource, 'containers'>; hub: LiveHub },
  { containers }: Pick<State, 'containers'>,
  config: RuntimeConfig,
  log: Logger,
  teardown: Teardown,
): ContainerDirectory {
  const directory = new ContainerDirectory({
    store: {
      save(records) {
        const nowMs = Date.now();
        containers.forget(LOCAL_COLLECTOR, isoSeconds(nowMs - config.get().retention_days * DAY_MS));
        return containers.save(LOCAL_COLLECTOR, records, isoSeconds(nowMs));
      },
      find: (runtimeId) => containers.find(LOCAL_COLLECTOR, runtimeId),
      unfinished: () => containers.list(LOCAL_COLLECTOR).filter(({ state }) => state !== 'exited'),
    },
    report: (problem) => log.warn(problem),
  });
  let seen: FrameLayout | null = null;
  const unlisten = hub.onTick(() => {
    const layout = hub.layoutOf(FAMILY);
    if (layout === null || layout === seen) return;
    seen = layout;
    directory.update(source.containers());
  });
  teardown.add(() => {
    unlisten();
    directory.close();
  });
  return directory;
}

/** What a container's series say of it beside its id. */
export function containerLabels(directory: ContainerDirectory): (instance: string) => Record<string, string> {
  return (instance) => {
    const { name, image, pod, namespace } = directory.describeLive(instance) ?? {};
    const labels = { name, image, pod, namespace };
    return Object.fromEntries(Object.entries(labels).flatMap(([label, text]) => (text ? [[label, text]] : [])));
  };
}
