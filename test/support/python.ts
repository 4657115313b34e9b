import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const VENV = fileURLToPath(new URL('../../.build/venv/bin/python', import.meta.url));

/** The Python that has test/clients/requirements.txt; CI makes it, elsewhere the tests that need it are skipped. */
export const python: string | null = existsSync(VENV) ? VENV : null;

export const PYTHON_MISSING =
  'needs Python: python3 -m venv .build/venv && .build/venv/bin/pip install -r test/clients/requirements.txt';
