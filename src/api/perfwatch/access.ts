import { DEFAULT_ORGANISATION } from '../../auth/bootstrap.ts';
import type { Access } from '../../http/route.ts';

/** PerfWatch shows this host, which belongs to organisation `default`: its members may look. */
export const hostReaders: Access = (principal) =>
  principal.isAdmin || principal.organisations.some(({ name }) => name === DEFAULT_ORGANISATION) ? true : 'forbidden';
