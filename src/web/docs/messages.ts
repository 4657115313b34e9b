/** Texts of the API's documentation. */
export const docsMessages = {
  title: 'API',
  skip: 'Skip to the operations',
  description: '/api/openapi.json',
  loading: 'Loading the description…',
  failed: (reason: string) => `The description cannot be read: ${reason}`,
  retry: 'Try again',
  unreachable: 'The daemon cannot be reached.',
  status: (status: number) => `The daemon answered with status ${status}.`,

  filter: 'Filter operations',
  filterHint: 'Filter by path, word or parameter',
  shown: (shown: number, total: number) =>
    shown === total ? `${total} operations` : `${shown} of ${total} operations`,
  nothing: 'No operation fits.',
  showAll: 'Show all',
  operations: 'Operations',

  token: {
    title: 'Token',
    hint: 'For “Try it”. It stays in this page and is forgotten when you leave.',
    field: 'Token',
    username: 'Username',
    password: 'Password',
    logIn: 'Log in',
    loggingIn: 'Logging in…',
    or: 'or log in for one',
    set: 'A token is set.',
    none: 'No token is set.',
    forget: 'Forget it',
  },

  operation: {
    public: 'No token needed',
    needsToken: 'Needs a token',
    parameters: 'Parameters',
    path: 'path',
    query: 'query',
    required: 'required',
    optional: 'optional',
    body: 'Body',
    answers: 'Answers',
    example: 'Example',
    entry: 'value',
  },

  curl: { copy: 'Copy', copied: 'Copied', failed: 'Select it and copy it by hand' },

  tryIt: {
    title: 'Try it',
    changes: 'This is not a read: it may change something on the daemon.',
    noToken: 'No token is set: the daemon will refuse it.',
    send: 'Send',
    sending: 'Sending…',
    body: 'Body (JSON)',
    socket: 'A WebSocket cannot be tried here. Open it with a client, with the token in the address:',
    took: (ms: string) => `${ms} ms`,
    size: (size: string) => size,
    headers: (count: number) => `${count} headers`,
    empty: 'No body.',
    cut: (shown: string, size: string) => `Shown are the first ${shown} of ${size}.`,
  },
};
