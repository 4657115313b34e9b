import { ArchiveHoldTable } from './archive-holds.ts';
import { CollectorTable } from './collectors.ts';
import { ContainerTable } from './containers.ts';
import { prepareDataDir, statePaths } from './data-dir.ts';
import { openDatabase, type StateDatabase } from './database.ts';
import { OrganisationTable } from './organisations.ts';
import { RetentionRunTable } from './retention-runs.ts';
import { SessionTable } from './sessions.ts';
import { SettingTable } from './settings.ts';
import { UserTable } from './users.ts';

/** The state file, table by table. */
export class State {
  readonly database: StateDatabase;
  readonly users: UserTable;
  readonly organisations: OrganisationTable;
  readonly collectors: CollectorTable;
  readonly containers: ContainerTable;
  readonly sessions: SessionTable;
  readonly settings: SettingTable;
  readonly retentionRuns: RetentionRunTable;
  readonly archiveHolds: ArchiveHoldTable;

  constructor(database: StateDatabase) {
    this.database = database;
    this.users = new UserTable(database);
    this.organisations = new OrganisationTable(database);
    this.collectors = new CollectorTable(database);
    this.containers = new ContainerTable(database);
    this.sessions = new SessionTable(database);
    this.settings = new SettingTable(database);
    this.retentionRuns = new RetentionRunTable(database);
    this.archiveHolds = new ArchiveHoldTable(database);
  }

  close(): void {
    this.database.close();
  }
}

/**
 * Opens `<dataDir>/state.db`, making the folder and the file when they are missing. The caller holds the folder's lock (lock.ts).
 * Throws a StateError.
 */
export function openState(dataDir: string): State {
  prepareDataDir(dataDir);
  return new State(openDatabase(statePaths(dataDir).database));
}
