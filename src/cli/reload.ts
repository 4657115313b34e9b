import { isDeepStrictEqual } from 'node:util';
import type { Kind } from '../config/kinds.ts';
import { readConfiguration, type SettingSources, settingsOf } from '../config/load.ts';
import { SETTING_NAMES, SETTINGS, type SettingName, type Settings } from '../config/schema.ts';
import { readTlsPair, type TlsPair } from '../http/tls-pair.ts';
import type { Logger } from './log.ts';
import { inOneLine } from './program.ts';

export interface ReloadOptions {
  sources: SettingSources;
  /** Those the daemon was started with. */
  settings: Settings;
  log: Logger;
  /** False when it is no other. @throws Error when the pair is refused, and the earlier one stays */
  replaceCertificate(pair: TlsPair): boolean;
}

/** Brings a running daemon up to date with its settings and certificate files: all of it, or, when something is wrong, nothing. */
export class Reloader {
  readonly #options: ReloadOptions;
  #settings: Settings;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#settings = options.settings;
  }

  /** None when the daemon serves HTTP. */
  get certificateFiles(): readonly string[] {
    const { tls_cert, tls_key } = this.#settings;
    return tls_cert === null || tls_key === null ? [] : [tls_cert, tls_key];
  }

  /** Reads the settings again and applies what can change while running. What is wrong is one line in the log. */
  reload(): void {
    const { sources, log } = this.#options;
    try {
      const configuration = readConfiguration(sources);
      const wanted = settingsOf(configuration);
      const changed = SETTING_NAMES.filter((name) => !isDeepStrictEqual(wanted[name], this.#settings[name]));
      const applied = changed.filter((name) => this.#isLive(name, wanted));
      const next: Settings = { ...this.#settings, ...Object.fromEntries(applied.map((name) => [name, wanted[name]])) };
      this.#serveWith(next);
      this.#settings = next;
      for (const warning of configuration.warnings) log.warn(warning);
      log.level = next.log_level;
      const waiting = changed.filter((name) => !applied.includes(name));
      log.info(
        applied.length === 0 ? 'settings read again' : `settings read again, now in force: ${applied.join(', ')}`,
      );
      if (waiting.length > 0) log.warn(`changed settings that need a restart: ${waiting.join(', ')}`);
    } catch (error) {
      log.error(`the settings were not reloaded, everything stays as it was: ${messageOf(error)}`);
    }
  }

  /** The files of the certificate have changed. */
  renewCertificate(): void {
    const { log } = this.#options;
    try {
      this.#serveWith(this.#settings);
    } catch (error) {
      log.error(`the new TLS certificate was refused, the old one stays: ${messageOf(error)}`);
    }
  }

  /** A server speaks TLS or it does not: that is decided when it starts. */
  #isLive(name: SettingName, wanted: Settings): boolean {
    const { live }: { kind: Kind; live?: true } = SETTINGS[name];
    if (name !== 'tls_cert' && name !== 'tls_key') return live === true;
    return wanted[name] !== null && this.#settings[name] !== null;
  }

  /** @throws TlsError */
  #serveWith({ tls_cert, tls_key }: Settings): void {
    if (tls_cert === null || tls_key === null) return;
    const pair = readTlsPair(tls_cert, tls_key);
    const { log, replaceCertificate } = this.#options;
    if (!replaceCertificate(pair)) return;
    for (const warning of pair.warnings) log.warn(warning);
    log.info(`new connections get the TLS certificate of ${tls_cert}, valid until ${pair.validUntil.toISOString()}`);
  }
}

function messageOf(error: unknown): string {
  return inOneLine(error instanceof Error ? error.message : String(error));
}
