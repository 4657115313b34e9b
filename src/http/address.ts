import { BlockList, isIP, isIPv6 } from 'node:net';

/** What stands for the address of a peer on a unix socket. */
const UNIX_ADDRESS = 'unix';

/** An address as people write it, from the 4 or 16 bytes of the socket; an IPv4 address mapped into IPv6 is shown as IPv4. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return UNIX_ADDRESS;
  if (isMappedIPv4(bytes)) return bytes.subarray(12).join('.');
  const groups: string[] = [];
  for (let index = 0; index < 16; index += 2)
    groups.push((((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0)).toString(16));
  return compressed(groups);
}

function isMappedIPv4(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);
}

/** RFC 5952: the longest run of two or more zero groups becomes `::`. */
function compressed(groups: readonly string[]): string {
  let [start, length] = [0, 0];
  for (let index = 0; index < groups.length; index += 1) {
    let end = index;
    while (groups[end] === '0') end += 1;
    if (end - index > length) [start, length] = [index, end - index];
    index = Math.max(index, end - 1);
  }
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

/** Proxies that are believed when they say for whom they ask. */
export class TrustedProxies {
  readonly #list = new BlockList();
  readonly #empty: boolean;

  /** @param proxies addresses or CIDR ranges. @throws Error for one that is neither */
  constructor(proxies: readonly string[]) {
    this.#empty = proxies.length === 0;
    for (const proxy of proxies) {
      const [address = '', prefix] = proxy.split('/');
      const bits = Number(prefix);
      if (!isIP(address) || (prefix !== undefined && !(/^\d+$/.test(prefix) && bits <= (isIPv6(address) ? 128 : 32)))) {
        throw new Error(`${proxy}: must be an IP address or a range such as 10.0.0.0/8`);
      }
      if (prefix === undefined) this.#list.addAddress(address, family(address));
      else this.#list.addSubnet(address, bits, family(address));
    }
  }

  includes(address: string): boolean {
    return !this.#empty && isIP(address) !== 0 && this.#list.check(address, family(address));
  }

  /** The first address, from the peer outwards through `X-Forwarded-For`, that is no trusted proxy. */
  clientOf(peer: string, forwardedFor: string | undefined): string {
    let client = peer;
    const hops = forwardedFor?.split(',') ?? [];
    while (hops.length > 0 && this.includes(client)) {
      const hop = (hops.pop() ?? '').trim();
      if (isIP(hop) === 0) break;
      client = hop;
    }
    return client;
  }
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
