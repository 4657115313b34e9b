import { PasswordRefusedError } from '../auth/passwords.ts';
import { ThrottledError } from '../auth/throttle.ts';
import { UserAdminError, type UserAdminErrorCode } from '../auth/user-admin.ts';
import { HttpError } from '../http/errors.ts';
import { ArchiveRequestError } from '../jobs/archive.ts';
import { StateError } from '../state/errors.ts';
import { RuntimeConfigError } from '../state/runtime-config.ts';
import { StoreError } from '../store/contract.ts';

const USER_ADMIN_STATUS: Record<UserAdminErrorCode, number> = {
  TACHO_NO_SUCH_USER: 404,
  TACHO_USER_EXISTS: 409,
  TACHO_LAST_ADMIN: 409,
  TACHO_BAD_USERNAME: 400,
  TACHO_BAD_EMAIL: 400,
};

/** Runs `work` and turns what auth, state and store refuse into answers; any other error passes. */
export async function answeringRefusals<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asHttpError(error);
  }
}

function asHttpError(error: unknown): unknown {
  if (error instanceof ThrottledError) return HttpError.tooManyRequests(error.message, error.retryAfterSeconds);
  if (error instanceof PasswordRefusedError) return HttpError.badRequest(error.message);
  if (error instanceof RuntimeConfigError) return HttpError.badRequest(error.message, error.field);
  if (error instanceof ArchiveRequestError) return HttpError.badRequest(error.message);
  if (error instanceof UserAdminError) return new HttpError(USER_ADMIN_STATUS[error.code], error.message);
  // The message names a path on this host, which is for the log and /readyz.
  if (error instanceof StateError) return HttpError.unavailable('The server cannot save changes at the moment');
  if (error instanceof StoreError && error.code !== 'TACHO_BAD_QUERY') {
    return HttpError.unavailable('The store of past figures is not available at the moment');
  }
  return error;
}
