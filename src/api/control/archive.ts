import { Type } from 'typebox';
import { HttpError } from '../../http/errors.ts';
import { json } from '../../http/reply.ts';
import { defineRoute, type Route } from '../../http/route.ts';
import type { ArchiveAdmin } from '../../jobs/archive.ts';
import { StoreError } from '../../store/contract.ts';
import { answeringRefusals } from '../refusals.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);

/** What `tacho archive …` asks of the running daemon; see controlRoutes. */
export function archiveControlRoutes({ archive }: { archive: ArchiveAdmin }): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/control/archive',
      summary: 'List the archived files',
      access: 'public',
      query: Type.Object({ table: Type.Optional(Type.String()) }),
      responses: { 200: { description: 'By table, then by day' } },
      handler: ({ query }) => answering(() => archive.list(query.table ?? null)),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/control/archive/restore',
      summary: 'Bring archived days back',
      access: 'public',
      body: Type.Object({ from: Type.String(), to: Type.String(), table: NullableText, keep_days: Type.Integer() }),
      responses: {
        200: { description: 'What came back' },
        400: { description: 'The span makes no sense, or nothing of it is archived' },
      },
      handler: ({ body }) => answering(() => archive.restore(body)),
    }),
  ];
}

/** Whoever may enter the data folder may know what is wrong with its files. */
function answering(work: () => Promise<unknown>) {
  return answeringRefusals(async () => {
    try {
      return json(await work());
    } catch (error) {
      throw error instanceof StoreError ? HttpError.unavailable(error.message) : error;
    }
  });
}
