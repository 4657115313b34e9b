import { Type } from 'typebox';
import type { AuthService } from '../../auth/service.ts';
import { HttpError } from '../../http/errors.ts';
import { json } from '../../http/reply.ts';
import { defineRoute, type Route } from '../../http/route.ts';
import { answeringRefusals } from '../refusals.ts';

const Message = Type.Object({ message: Type.String() });
/** Longer than any username or e-mail address (RFC 5321, 4.5.3.1.3). */
const Login = Type.String({ minLength: 1, maxLength: 254 });
const Password = Type.String({ minLength: 1, maxLength: 1024 });
const Time = Type.String({ format: 'date-time' });

const REFUSED = { description: 'Not authenticated' };
const THROTTLED = { description: 'Too many attempts failed; `Retry-After` says when to try again' };

/** PerfWatch's login and account routes. */
export function authRoutes({ auth }: { auth: AuthService }): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/auth/login',
      summary: 'Log in with a username or an e-mail address',
      tags: ['auth'],
      access: 'public',
      body: Type.Object({ username: Login, password: Password }),
      responses: {
        200: {
          description: 'A token for `Authorization: Bearer`, valid for `expires_in` seconds',
          schema: Type.Object({
            access_token: Type.String(),
            token_type: Type.Literal('bearer'),
            expires_in: Type.Integer(),
          }),
        },
        401: { description: 'Invalid username or password' },
        429: THROTTLED,
      },
      handler: ({ body: { username, password }, remoteAddress }) =>
        answeringRefusals(async () => {
          const login = await auth.logIn(username, password, remoteAddress, 'perfwatch');
          if (!login) throw HttpError.unauthorized('Invalid username or password');
          return json({ access_token: login.token, token_type: 'bearer', expires_in: login.expiresInSeconds });
        }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/auth/logout',
      summary: 'End the session of this token and its streams',
      tags: ['auth'],
      access: 'user',
      responses: { 200: { description: 'Logged out', schema: Message }, 401: REFUSED },
      handler: ({ principal }) =>
        answeringRefusals(() => {
          auth.logOut(principal.sessionId);
          return json({ message: 'Logged out successfully' });
        }),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/auth/me',
      summary: 'The user whom this token belongs to',
      tags: ['auth'],
      access: 'user',
      responses: {
        200: {
          description: 'The user',
          schema: Type.Object({
            id: Type.Integer(),
            username: Type.String(),
            is_admin: Type.Boolean({ description: 'Whether this user may change settings' }),
            created_at: Time,
            last_login: Type.Union([Time, Type.Null()]),
          }),
        },
        401: REFUSED,
      },
      handler: ({ principal }) => {
        const user = auth.userOf(principal);
        if (!user) throw HttpError.unauthorized();
        const { id, username, createdAt, lastLogin } = user;
        return json({ id, username, is_admin: principal.isAdmin, created_at: createdAt, last_login: lastLogin });
      },
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/auth/password',
      summary: 'Change the own password, which ends all other sessions of the user',
      tags: ['auth'],
      access: 'user',
      body: Type.Object({ current_password: Password, new_password: Password }),
      responses: {
        200: { description: 'Changed', schema: Message },
        400: { description: 'The current password is wrong, or the new one too short or too long' },
        401: REFUSED,
        429: THROTTLED,
      },
      handler: ({ principal, body, remoteAddress }) =>
        answeringRefusals(async () => {
          const { current_password: current, new_password: next } = body;
          if (!(await auth.changePassword(principal, current, next, remoteAddress))) {
            throw HttpError.badRequest('Current password is incorrect', 'current_password');
          }
          return json({ message: 'Password updated successfully' });
        }),
    }),
  ];
}
