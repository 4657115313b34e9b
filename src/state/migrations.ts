/**
 * The state file's schema as numbered steps: step N (counted from 1) leads from version N − 1 to N, and `PRAGMA user_version` says where a
 * file is. A step that was released is never changed; a new one is added at the end.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL UNIQUE COLLATE NOCASE,
    email TEXT UNIQUE COLLATE NOCASE,
    first_name TEXT NOT NULL DEFAULT '',
    last_name TEXT NOT NULL DEFAULT '',
    password_hash TEXT NOT NULL,
    is_admin INTEGER NOT NULL DEFAULT 0 CHECK (is_admin IN (0, 1)),
    created_at TEXT NOT NULL,
    last_login TEXT,
    password_changed_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE organisations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    created_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE memberships (
    user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organisation INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
    PRIMARY KEY (user, organisation)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX memberships_by_organisation ON memberships (organisation);

  CREATE TABLE collectors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation INTEGER NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    hostname TEXT NOT NULL,
    inventory TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(inventory)),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX collectors_by_organisation ON collectors (organisation);

  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_by_user ON sessions (user);
  CREATE INDEX sessions_by_expiry ON sessions (expires_at);

  CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL CHECK (json_valid(value)),
    updated_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE retention_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    downsampled_rows INTEGER NOT NULL DEFAULT 0,
    deleted_rows INTEGER NOT NULL DEFAULT 0,
    archived_rows INTEGER NOT NULL DEFAULT 0,
    archived_files INTEGER NOT NULL DEFAULT 0,
    archived_bytes INTEGER NOT NULL DEFAULT 0,
    problem TEXT
  ) STRICT;

  CREATE TABLE archive_holds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    table_name TEXT NOT NULL,
    from_day TEXT NOT NULL,
    to_day TEXT NOT NULL,
    until TEXT NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE containers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    collector INTEGER NOT NULL REFERENCES collectors (id) ON DELETE CASCADE,
    runtime_id TEXT NOT NULL,
    name TEXT NOT NULL,
    image TEXT,
    status TEXT NOT NULL,
    runtime TEXT NOT NULL,
    pod TEXT,
    namespace TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (collector, runtime_id)
  ) STRICT;
  `,
];
