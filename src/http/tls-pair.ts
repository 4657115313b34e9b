/** Looks at a certificate and its key before the server library does, which would only say that it failed. */
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/** A certificate with the key that belongs to it, both good to serve with. */
export interface TlsPair {
  certPath: string;
  keyPath: string;
  /** Of both files' content: two pairs of one identity are the same. */
  identity: string;
  /** When the certificate ends. */
  validUntil: Date;
  /** What a client may dislike; one line each. */
  warnings: readonly string[];
}

/** The certificate or its key cannot be used; the message is one line that names the file. */
export class TlsError extends Error {
  override readonly name = 'TlsError';
  readonly code = 'TACHO_TLS';
}

const PEM_BLOCK = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/g;
const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;
/** What the server library can sign with. */
const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const MIN_RSA_BITS = 2048;
/** A certificate of a long chain takes a few kB. */
const MAX_FILE_BYTES = 1024 * 1024;
const SOON_MS = 14 * 24 * 60 * 60 * 1_000;

/** @throws TlsError for files that cannot be read, are no PEM, or do not belong together */
export function readTlsPair(certPath: string, keyPath: string, now = Date.now()): TlsPair {
  const certText = readText('tls_cert', certPath);
  const keyText = readText('tls_key', keyPath);
  const [leaf, ...chain] = parseCertificates(certPath, certText);
  const key = parseKey(keyPath, keyText);
  if (!leaf) throw new TlsError(`tls_cert ${certPath} holds no PEM certificate`);
  if (!leaf.checkPrivateKey(key)) {
    throw new TlsError(`tls_key ${keyPath} is not the key of the first certificate in tls_cert ${certPath}`);
  }
  const validUntil = new Date(leaf.validTo);
  return {
    certPath,
    keyPath,
    identity: createHash('sha256').update(certText).update('\0').update(keyText).digest('hex'),
    validUntil,
    warnings: [...datesOf(certPath, leaf, now), ...chainOf(certPath, leaf, chain)],
  };
}

function datesOf(path: string, { validFrom, validTo }: X509Certificate, now: number): string[] {
  const [from, until] = [new Date(validFrom), new Date(validTo)];
  if (now > until.getTime()) return [`the certificate in tls_cert ${path} has expired at ${until.toISOString()}`];
  if (now < from.getTime()) return [`the certificate in tls_cert ${path} is not valid before ${from.toISOString()}`];
  if (now > until.getTime() - SOON_MS) return [`the certificate in tls_cert ${path} expires at ${until.toISOString()}`];
  return [];
}

function chainOf(path: string, leaf: X509Certificate, chain: readonly X509Certificate[]): string[] {
  const [issuer] = chain;
  if (!issuer || leaf.checkIssued(issuer)) return [];
  return [`the second certificate in tls_cert ${path} did not issue the first: clients may not trust it`];
}

function parseCertificates(path: string, text: string): X509Certificate[] {
  return [...text.matchAll(PEM_BLOCK)].map(([block], index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw new TlsError(`certificate ${index + 1} in tls_cert ${path} is damaged`, { cause: error });
    }
  });
}

function parseKey(path: string, text: string): KeyObject {
  if (ENCRYPTED.test(text)) {
    throw new TlsError(`tls_key ${path} has a passphrase: store the key without one (openssl pkey -in … -out …)`);
  }
  if (!/-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/.test(text)) {
    throw new TlsError(`tls_key ${path} holds no PEM private key`);
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch (error) {
    throw new TlsError(`the private key in tls_key ${path} is damaged`, { cause: error });
  }
  if (!isUsable(key)) {
    throw new TlsError(
      `tls_key ${path} is of a kind that cannot be served with: use RSA of at least ${MIN_RSA_BITS} bits, ECDSA (P-256, P-384, P-521) or Ed25519`,
    );
  }
  return key;
}

function isUsable({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
  if (asymmetricKeyType === 'ec') return CURVES.has(asymmetricKeyDetails?.namedCurve ?? '');
  return asymmetricKeyType === 'ed25519';
}

function readText(setting: string, path: string): string {
  try {
    const status = statSync(path);
    if (!status.isFile()) throw new Error('it is not a file');
    if (status.size > MAX_FILE_BYTES) throw new Error('it is too large to be PEM');
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw new TlsError(`${setting} ${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
