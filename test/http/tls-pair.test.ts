import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTlsPair, TlsError } from '../../src/http/tls-pair.ts';
import { type CertificateFiles, makeCertificate } from '../support/certificates.ts';
import { temporaryFolder } from '../support/daemon.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

let temporary: Awaited<ReturnType<typeof temporaryFolder>>;
let folder: string;
let good: CertificateFiles;
let other: CertificateFiles;
const damaged = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

beforeAll(async () => {
  temporary = await temporaryFolder();
  folder = temporary.path;
  good = makeCertificate(folder, { name: 'good', days: 90 });
  other = makeCertificate(folder, { name: 'other' });
});

afterAll(() => temporary[Symbol.asyncDispose]());

function written(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore' });
}

test('a good pair is taken without a word', () => {
  const pair = readTlsPair(good.certPath, good.keyPath);
  expect(pair.warnings).toEqual([]);
  expect(pair.validUntil.getTime()).toBeGreaterThan(Date.now() + 89 * DAY_MS);
  expect(pair.identity).toBe(readTlsPair(good.certPath, good.keyPath).identity);
  expect(pair.identity).not.toBe(readTlsPair(other.certPath, other.keyPath).identity);
});

test('a key that stands before or behind the certificates in one file is found', () => {
  const both = written('both.pem', readFileSync(good.keyPath, 'utf8') + readFileSync(good.certPath, 'utf8'));
  expect(readTlsPair(both, both).warnings).toEqual([]);
});

test.each<[string, RegExp, () => [string, string]]>([
  ['a certificate that is not there', /^tls_cert \S+ cannot be read: ENOENT/, () => ['/nonexistent.pem', good.keyPath]],
  ['a key that is not there', /^tls_key \S+ cannot be read: ENOENT/, () => [good.certPath, '/nonexistent.pem']],
  ['a folder', /^tls_cert \S+ cannot be read: it is not a file$/, () => [folder, good.keyPath]],
  ['a device', /^tls_key \S+ cannot be read: it is not a file$/, () => [good.certPath, '/dev/zero']],
  ['a key in the certificate’s place', /^tls_cert \S+ holds no PEM certificate$/, () => [good.keyPath, good.keyPath]],
  ['a certificate in the key’s place', /^tls_key \S+ holds no PEM private key$/, () => [good.certPath, good.certPath]],
  [
    'the key of another',
    /^tls_key \S+ is not the key of the first certificate in tls_cert \S+$/,
    () => [good.certPath, other.keyPath],
  ],
  ['an empty file', /^tls_cert \S+ holds no PEM certificate$/, () => [written('empty', ''), good.keyPath]],
  [
    'a damaged certificate',
    /^certificate 1 in tls_cert \S+ is damaged$/,
    () => [written('damaged.crt', damaged), good.keyPath],
  ],
  [
    'a damaged one in the chain',
    /^certificate 2 in tls_cert \S+ is damaged$/,
    () => [written('chain.crt', readFileSync(good.certPath, 'utf8') + damaged), good.keyPath],
  ],
  [
    'a damaged key',
    /^the private key in tls_key \S+ is damaged$/,
    () => [good.certPath, written('damaged.key', readFileSync(good.keyPath, 'utf8').replace('\nM', '\nQ'))],
  ],
  [
    'DER',
    /^tls_cert \S+ holds no PEM certificate$/,
    () => {
      openssl('x509', '-in', good.certPath, '-outform', 'DER', '-out', join(folder, 'good.der'));
      return [join(folder, 'good.der'), good.keyPath];
    },
  ],
  ...(['pkcs8', 'traditional'] as const).map((form): [string, RegExp, () => [string, string]] => [
    `a key with a passphrase (${form})`,
    /^tls_key \S+ has a passphrase: /,
    () => {
      const path = join(folder, `${form}.key`);
      const extra = form === 'traditional' ? ['-traditional'] : [];
      openssl('pkey', '-in', good.keyPath, '-aes256', '-passout', 'pass:secret', ...extra, '-out', path);
      return [good.certPath, path];
    },
  ]),
  ...(
    [['rsa:1024'], ['rsa-pss', 'rsa_keygen_bits:2048'], ['ec', 'ec_paramgen_curve:secp256k1'], ['ed448']] as const
  ).map((key): [string, RegExp, () => [string, string]] => [
    `a key of a kind that is not served with: ${key}`,
    /^tls_key \S+ is of a kind that cannot be served with: use RSA /,
    () => {
      const { certPath, keyPath } = makeCertificate(folder, { name: key.join('-').replaceAll(':', '-'), key });
      return [certPath, keyPath];
    },
  ]),
])('%s is refused in one line that tells nothing of its content', (_name, message, files) => {
  const [certPath, keyPath] = files();
  const reading = () => readTlsPair(certPath, keyPath);
  expect(reading).toThrow(TlsError);
  expect(reading).toThrow(message);
});

test('dates are warned of: expired, not valid yet, about to expire', () => {
  const at = (days: number) => readTlsPair(good.certPath, good.keyPath, Date.now() + days * DAY_MS).warnings;
  expect(at(91)).toEqual([expect.stringMatching(/^the certificate in tls_cert \S+ has expired at \S+Z$/)]);
  expect(at(-1)).toEqual([expect.stringMatching(/^the certificate in tls_cert \S+ is not valid before \S+Z$/)]);
  expect(at(80)).toEqual([expect.stringMatching(/^the certificate in tls_cert \S+ expires at \S+Z$/)]);
  expect(at(70)).toEqual([]);
});

test('a chain that does not lead on from the certificate is warned of', () => {
  const chain = written('wrong-chain.crt', readFileSync(good.certPath, 'utf8') + readFileSync(other.certPath, 'utf8'));
  expect(readTlsPair(chain, good.keyPath).warnings).toEqual([expect.stringMatching(/did not issue the first/)]);
});
