import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** The password of `--password`: as given, from the first line of standard input for `-`, or null when the option is absent. */
export async function chosenPassword(option: string | undefined): Promise<string | null> {
  if (option === undefined) return null;
  if (option !== '-') return option;
  if (process.stdin.isTTY) return typedPassword();
  const [line = ''] = (await text(process.stdin)).split('\n', 1);
  return line.replace(/\r$/, '');
}

/** One line from the terminal, which does not show it. @throws Error when none is given (Ctrl-C, Ctrl-D) */
async function typedPassword(): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // With `terminal`, readline switches the terminal's own echo off and shows what is typed on its output instead.
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  process.stderr.write('password: ');
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => reject(new Error('no password was given')));
    });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
