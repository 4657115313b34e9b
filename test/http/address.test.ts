import { describe, expect, test } from 'vitest';
import { addressText, TrustedProxies } from '../../src/http/address.ts';

describe('addressText', () => {
  test.each([
    ['127.0.0.1', [127, 0, 0, 1]],
    ['10.1.2.3', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3]],
    ['::1', [...Array(15).fill(0), 1]],
    ['::', Array(16).fill(0)],
    ['2001:db8::', [0x20, 0x01, 0x0d, 0xb8, ...Array(12).fill(0)]],
    ['2001:db8::1:0:0:1', [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]],
    ['2001:db8:0:1:1:1:1:1', [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]],
    ['fe80::a:0:0:1', [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0, 0, 0, 0, 0, 1]],
    ['unix', []],
  ])('%s', (text, bytes) => {
    expect(addressText(Uint8Array.from(bytes))).toBe(text);
  });
});

describe('TrustedProxies', () => {
  const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32']);

  test.each([
    ['203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['10.0.0.1', '1.2.3.4, 198.51.100.1', '198.51.100.1'],
    ['10.0.0.1', '198.51.100.1, 192.0.2.1, 10.9.9.9', '198.51.100.1'],
    ['2001:db8::1', '2001:4860::8888', '2001:4860::8888'],
    ['10.0.0.1', 'not an address', '10.0.0.1'],
    ['10.0.0.1', '198.51.100.1, unknown', '10.0.0.1'],
    ['10.0.0.1', '', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.2', '10.0.0.2'],
    ['unix', '198.51.100.1', 'unix'],
  ])('%s with %s is %s', (peer, forwardedFor, client) => {
    expect(proxies.clientOf(peer, forwardedFor)).toBe(client);
  });

  test.each(['nonsense', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/x', ''])('%j is refused', (proxy) => {
    expect(() => new TrustedProxies([proxy])).toThrow(`${proxy}: must be an IP address or a range`);
  });
});
