import { ApiError } from '../lib/api.ts';
import { docsMessages } from './messages.ts';
import type { Composed } from './request.ts';

/** An answer as it came. */
export interface Sent {
  status: number;
  headers: readonly (readonly [name: string, value: string])[];
  elapsedMs: number;
  bytes: number;
  body: string;
}

/** @param token none when empty. @throws ApiError with status 0 when the daemon cannot be reached */
export async function send({ method, address, body }: Composed, token: string, signal: AbortSignal): Promise<Sent> {
  const headers = {
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(body === null ? {} : { 'content-type': 'application/json' }),
  };
  const startedMs = performance.now();
  try {
    const response = await fetch(address, { method, headers, body, signal, cache: 'no-store' });
    const bytes = await response.arrayBuffer();
    return {
      status: response.status,
      headers: [...response.headers],
      elapsedMs: performance.now() - startedMs,
      bytes: bytes.byteLength,
      body: new TextDecoder().decode(bytes),
    };
  } catch (error) {
    throw signal.aborted ? error : new ApiError(0, docsMessages.unreachable);
  }
}

/** JSON with two spaces of indentation; anything else as it is. */
export function formatted(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
