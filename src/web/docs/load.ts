import { ApiError } from '../lib/api.ts';
import type { ApiDocument } from './document.ts';
import { docsMessages } from './messages.ts';

/** Reads the description. @throws ApiError */
export async function loadDocument(signal: AbortSignal): Promise<ApiDocument> {
  const response = await fetch('/api/openapi.json', { signal }).catch((error: unknown) => {
    throw signal.aborted ? error : new ApiError(0, docsMessages.unreachable);
  });
  if (!response.ok) throw new ApiError(response.status, docsMessages.status(response.status));
  return (await response.json()) as ApiDocument;
}
