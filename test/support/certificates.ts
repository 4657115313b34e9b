import { execFileSync } from 'node:child_process';
import { copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

export interface CertificateFiles {
  certPath: string;
  keyPath: string;
}

interface CertificateOptions {
  /** The common name, by which a test tells one certificate from another. */
  name?: string;
  /** What `openssl req -newkey` and `-pkeyopt` take. */
  key?: readonly [algorithm: string, option?: string];
  days?: number;
}

/** A self-signed certificate and its key, named after it in the folder: `NAME.crt` and `NAME.key`. */
export function makeCertificate(folder: string, options: CertificateOptions = {}): CertificateFiles {
  const { name = 'localhost', key: [algorithm, option] = ['ec', 'ec_paramgen_curve:P-256'], days = 90 } = options;
  const certPath = join(folder, `${name}.crt`);
  const keyPath = join(folder, `${name}.key`);
  const key = [
    '-newkey',
    algorithm,
    ...(option === undefined ? [] : ['-pkeyopt', option]),
    '-noenc',
    '-keyout',
    keyPath,
  ];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', certPath, '-days', String(days), ...subject], {
    stdio: 'ignore',
  });
  return { certPath, keyPath };
}

/** Puts one pair in the place of another the way certbot does: each file at once, one after the other. */
export function replaceCertificate(from: CertificateFiles, to: CertificateFiles): void {
  for (const file of ['certPath', 'keyPath'] as const) {
    copyFileSync(from[file], `${to[file]}.new`);
    renameSync(`${to[file]}.new`, to[file]);
  }
}
