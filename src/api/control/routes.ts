import { Type } from 'typebox';
import type { UserAdmin } from '../../auth/user-admin.ts';
import { json, noContent } from '../../http/reply.ts';
import { defineRoute, type Route } from '../../http/route.ts';
import { answeringRefusals } from '../refusals.ts';

const UserPath = Type.Object({ name: Type.String() });
const DONE = { description: 'Done' };
const UNKNOWN = { description: 'No such user' };

/**
 * What `tacho user …` asks of the running daemon. For the unix socket in the data folder only: whoever may enter that folder is an
 * administrator, so the routes ask for no token.
 */
export function controlRoutes({ users }: { users: UserAdmin }): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/control/users',
      summary: 'List the users',
      access: 'public',
      responses: { 200: { description: 'All users, by name' } },
      handler: async () => json(await users.list()),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/control/users',
      summary: 'Add a user',
      access: 'public',
      body: Type.Object({
        username: Type.String(),
        password: Type.String(),
        email: Type.Union([Type.String(), Type.Null()]),
        is_admin: Type.Boolean(),
      }),
      responses: { 201: { description: 'The new user' }, 409: { description: 'The name or address is taken' } },
      handler: ({ body }) => answeringRefusals(async () => json(await users.add(body), 201)),
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/control/users/{name}/password',
      summary: 'Set the password of a user and end their sessions',
      access: 'public',
      params: UserPath,
      body: Type.Object({ password: Type.String() }),
      responses: { 204: DONE, 404: UNKNOWN },
      handler: ({ params, body }) =>
        answeringRefusals(async () => {
          await users.setPassword(params.name, body.password);
          return noContent();
        }),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/control/users/{name}',
      summary: 'Remove a user and end their sessions',
      access: 'public',
      params: UserPath,
      responses: { 204: DONE, 404: UNKNOWN, 409: { description: 'The last administrator stays' } },
      handler: ({ params }) =>
        answeringRefusals(async () => {
          await users.remove(params.name);
          return noContent();
        }),
    }),
  ];
}
