import { isIPv6 } from 'node:net';
import { RateLimiterMemory } from 'rate-limiter-flexible';

/** Too many logins failed; the account is still open from other addresses. */
export class ThrottledError extends Error {
  override readonly name = 'ThrottledError';
  readonly code = 'TACHO_THROTTLED';
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super(`Too many failed logins: try again in ${retryAfterSeconds} s`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

const FAILURES_PER_ACCOUNT = 5;
/** More, because many people may share one address; fewer than it takes to try a list of passwords. */
const FAILURES_PER_ADDRESS = 30;
const MEMORY_SECONDS = 3600;
const FIRST_DELAY_SECONDS = 5;
const LONGEST_DELAY_SECONDS = 900;
/** Attempts of one address that wait for their turn: at some 30 ms each, a few seconds' worth. */
const LONGEST_QUEUE = 256;

/** Counts the failures of a key, and closes it for longer and longer once they reach `limit`. */
class FailureCount {
  readonly #limit: number;
  readonly #failures: RateLimiterMemory;
  readonly #closed: RateLimiterMemory;

  constructor(limit: number) {
    this.#limit = limit;
    this.#failures = new RateLimiterMemory({ points: limit, duration: MEMORY_SECONDS });
    this.#closed = new RateLimiterMemory({ points: 1, duration: LONGEST_DELAY_SECONDS });
  }

  async assertOpen(key: string): Promise<void> {
    const closed = await this.#closed.get(key);
    if (closed && closed.msBeforeNext > 0) throw new ThrottledError(Math.ceil(closed.msBeforeNext / 1000));
  }

  async fail(key: string): Promise<void> {
    const { consumedPoints } = await this.#failures.penalty(key);
    if (consumedPoints < this.#limit) return;
    const delay = FIRST_DELAY_SECONDS * 2 ** Math.min(consumedPoints - this.#limit, 20);
    await this.#closed.block(key, Math.min(delay, LONGEST_DELAY_SECONDS));
  }

  async forget(key: string): Promise<void> {
    await this.#failures.delete(key);
  }
}

/**
 * Slows down those who guess passwords, by account and address and by address alone. The attempts of one address take place one after
 * the other, so that a burst sent in parallel meets the same limits as one sent in sequence, and correct ones are never refused for it.
 */
export class LoginThrottle {
  readonly #perAccount = new FailureCount(FAILURES_PER_ACCOUNT);
  readonly #perAddress = new FailureCount(FAILURES_PER_ADDRESS);
  readonly #queues = new Map<string, { last: Promise<unknown>; length: number }>();

  /**
   * Runs `verify`, which answers null for a failed attempt. Throws a ThrottledError instead of running it when too many have failed.
   * A success clears the account's failures from this address, but not the address's own: an attacker may own an account too.
   */
  attempt<Result>(account: string, address: string, verify: () => Promise<Result | null>): Promise<Result | null> {
    const network = networkOf(address);
    return this.#inTurn(network, async () => {
      const pair = `${account} ${network}`;
      await this.#perAddress.assertOpen(network);
      await this.#perAccount.assertOpen(pair);
      const result = await verify();
      if (result === null) await Promise.all([this.#perAccount.fail(pair), this.#perAddress.fail(network)]);
      else await this.#perAccount.forget(pair);
      return result;
    });
  }

  async #inTurn<Result>(network: string, work: () => Promise<Result>): Promise<Result> {
    const queue = this.#queues.get(network) ?? { last: Promise.resolve(), length: 0 };
    if (queue.length >= LONGEST_QUEUE) throw new ThrottledError(FIRST_DELAY_SECONDS);
    this.#queues.set(network, queue);
    queue.length += 1;
    const turn = queue.last.then(work, work);
    queue.last = turn;
    try {
      return await turn;
    } finally {
      queue.length -= 1;
      if (queue.length === 0) this.#queues.delete(network);
    }
  }
}

/** An IPv4 address itself; of IPv6 the /64, which one customer has whole (RFC 6177). */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%')[0]?.toLowerCase().split('::') ?? [];
  const leading = head === '' ? [] : head.split(':');
  const trailing = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - leading.length - trailing.length;
  const groups = [...leading, ...Array.from({ length: zeros }, () => '0'), ...trailing];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
