import { archiveControlRoutes } from '../api/control/archive.ts';
import { controlRoutes } from '../api/control/routes.ts';
import { operationsRoutes } from '../api/operations/routes.ts';
import { authRoutes } from '../api/perfwatch/auth.ts';
import { configRoutes } from '../api/perfwatch/config.ts';
import { Counters } from '../api/perfwatch/counters.ts';
import { historyRoutes } from '../api/perfwatch/history.ts';
import { MetricsStream } from '../api/perfwatch/live.ts';
import { SampleStream } from '../api/stream/stream.ts';
import { bootstrapState, LOCAL_COLLECTOR } from '../auth/bootstrap.ts';
import { AuthService } from '../auth/service.ts';
import { loadSigningKey } from '../auth/signing-key.ts';
import { LocalUserAdmin } from '../auth/user-admin.ts';
import { addon } from '../collect/addon.ts';
import { loadCatalogue } from '../collect/frame-source.ts';
import { readInventory } from '../collect/inventory.ts';
import { appVersion, WEB_ROOT } from '../config/artifacts.ts';
import type { Settings } from '../config/schema.ts';
import { openApiRoute } from '../http/openapi.ts';
import { createHttpServer, type HttpServer } from '../http/server.ts';
import { readTlsPair, type TlsPair } from '../http/tls-pair.ts';
import { type OutboxHandle, startOutbox } from '../pipeline/outbox-client.ts';
import { SeriesReader } from '../pipeline/series-reader.ts';
import { prepareDataDir, statePaths } from '../state/data-dir.ts';
import { StateError } from '../state/errors.ts';
import { lockDataDir } from '../state/lock.ts';
import { RuntimeConfig } from '../state/runtime-config.ts';
import { openState } from '../state/state.ts';
import { type StoreHandle, startStore } from '../store/client.ts';
import { containerLabels, startContainers } from './containers.ts';
import type { Logger } from './log.ts';
import { recordingsOf } from './recordings.ts';
import { startRetention } from './retention.ts';
import { startSampling } from './sampling.ts';
import { Teardown } from './teardown.ts';

export interface Daemon {
  /** Where it serves: `http://127.0.0.1:8000`, or `https://…`. */
  url: string;
  /** Of the user `admin`, when this start made and generated it. */
  generatedPassword: string | null;
  /** For connections from now on; false when it is no other. @throws TlsError, and everything stays as it was; Error when it serves HTTP */
  replaceCertificate(pair: TlsPair): boolean;
  /** Takes everything down, the newest samples stored; safe to call once. */
  stop(): Promise<void>;
}

/** Puts the parts together, in the order of the data's flow, and starts to serve. Whatever was started is taken down when a part refuses. */
export async function startDaemon(settings: Settings, log: Logger, onFatal: (error: Error) => void): Promise<Daemon> {
  const teardown = new Teardown();
  try {
    return { ...(await compose(settings, log, teardown, onFatal)), stop: () => teardown.run() };
  } catch (error) {
    await teardown.run().catch((cause: unknown) => log.error({ err: cause }, 'taking down what had started failed'));
    throw error;
  }
}

async function compose(settings: Settings, log: Logger, teardown: Teardown, onFatal: (error: Error) => void) {
  const tls = tlsOf(settings, log);
  const recordings = recordingsOf(loadCatalogue(), settings.record_also);
  const { generatedPassword, state, auth, config, users } = await openIdentity(settings, teardown);
  const { store, outbox } = await openPipeline(settings, log, teardown, onFatal);
  const { data_dir: dataDir } = settings;
  const retention = await startRetention({ dataDir, store: store.series, state, config }, log, teardown);
  const { source, hub } = startSampling(settings, recordings, config, outbox, log, teardown);
  const containers = startContainers({ source, hub }, state, config, log, teardown);
  const host = await readInventory();
  state.collectors.describe(LOCAL_COLLECTOR, host.hostname, host);
  /** A write that changes nothing: whether the disk takes writes again shows without anybody having to log in. */
  const describeHost = () => {
    try {
      state.collectors.describe(LOCAL_COLLECTOR, host.hostname, host);
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
    }
  };

  const { catalogue } = source;
  const { perf_events: perfEvents } = settings;
  const stream = new MetricsStream({ hub, catalogue, host, config, perfEvents, counters: new Counters(source) });
  const samples = new SampleStream({ source, maxHz: settings.max_stream_hz });
  const streams = [stream, samples];
  auth.sessions.onEnd((sessionId) => {
    for (const each of streams) each.closeSession(sessionId);
  });
  const reader = new SeriesReader(store.series, outbox);
  const version = appVersion();
  let server: HttpServer | undefined;
  const routes = [
    ...authRoutes({ auth }),
    ...historyRoutes({ catalogue, reader, host, config, perfEvents }),
    ...configRoutes({ config, appVersion: version }),
    ...retention.routes(reader),
    ...operationsRoutes({
      catalogue,
      view: hub,
      instanceLabels: new Map([['container', containerLabels(containers)]]),
      metricsAuth: settings.metrics_auth,
      store: store.series,
      outboxStatus: () => outbox.status(),
      samplerStats: () => source.stats(),
      stateFailure: () => {
        if (state.database.writeFailure() !== null) describeHost();
        return state.database.writeFailure();
      },
      streamFigures: () => ({
        consumers: new Map(streams.map(({ route, consumers }) => [route.path, consumers])),
        skipped: stream.skipped,
        ...samples.counts,
      }),
      connections: () => server?.connections() ?? 0,
    }),
  ];
  const common = { authenticate: (token: string) => auth.authenticate(token), log };
  const controls = [...controlRoutes({ users }), ...archiveControlRoutes(retention)];
  const control = createHttpServer({ ...common, routes: controls, sockets: [], staticRoot: null });
  teardown.add(() => control.close());
  await control.listenUnix(statePaths(dataDir).controlSocket);
  const sockets = streams.map(({ route }) => route);
  server = createHttpServer({
    ...common,
    routes: [...routes, openApiRoute(routes, sockets, { title: 'Tacho', version })],
    sockets,
    staticRoot: WEB_ROOT,
    trustedProxies: settings.trusted_proxies,
    corsOrigins: settings.cors_origins,
    tls,
  });
  teardown.add(() => server.close());
  const { host: address, port } = await server.listen(settings.listen.host, settings.listen.port);
  retention.begin();
  const shown = address.includes(':') ? `[${address}]` : address;
  return {
    url: `${tls ? 'https' : 'http'}://${shown}:${port}`,
    generatedPassword,
    replaceCertificate: (pair: TlsPair) => server.replaceCertificate(pair),
  };
}

/** Read first of all: a certificate that is no good must not cost a start of everything else. */
function tlsOf({ tls_cert, tls_key }: Settings, log: Logger): TlsPair | null {
  if (tls_cert === null || tls_key === null) return null;
  const pair = readTlsPair(tls_cert, tls_key);
  for (const warning of pair.warnings) log.warn(warning);
  return pair;
}

async function openIdentity(settings: Settings, teardown: Teardown) {
  const { data_dir, admin_password } = settings;
  const paths = statePaths(data_dir);
  prepareDataDir(data_dir);
  const lock = lockDataDir(data_dir, paths.lock, addon);
  teardown.add(() => lock.release());
  const state = openState(data_dir);
  teardown.add(() => state.close());
  const generatedPassword = await bootstrapState(state, admin_password);
  const auth = await AuthService.create({ state, key: await loadSigningKey(paths.signingKey) });
  teardown.add(() => auth.close());
  return {
    generatedPassword,
    state,
    auth,
    config: new RuntimeConfig(state),
    users: new LocalUserAdmin(state, auth.sessions),
  };
}

/** Store first, because the outbox writes to it; so the outbox is closed, with a last flush, before the store. */
async function openPipeline(settings: Settings, log: Logger, teardown: Teardown, onFatal: (error: Error) => void) {
  const store: StoreHandle = await startStore({ dataDir: settings.data_dir, onExit: onFatal });
  teardown.add(() => store.close());
  const outbox: OutboxHandle = await startOutbox({
    dataDir: settings.data_dir,
    storePort: store.connect(),
    maxBytes: settings.outbox_max_bytes,
    flushIntervalMs: settings.flush_interval_seconds * 1_000,
    report: ({ level, message, details }) => log[level](details ?? {}, message),
    onExit: onFatal,
  });
  teardown.add(() => outbox.close());
  return { store, outbox };
}
