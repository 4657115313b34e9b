import { render } from 'preact';
import { Cell } from '../lib/cell.ts';
import { openTheme } from '../lib/theme.ts';
import { DocsPage } from './page.tsx';
import '../styles/tokens.css';
import '../styles/base.css';
import '../styles/form.css';
import '../styles/docs-operation.css';
import '../styles/docs-try.css';
import '../styles/docs.css';

const { theme } = openTheme();
const root = document.getElementById('app');
if (!root) throw new Error('docs.html has no #app');
render(<DocsPage theme={theme} token={new Cell('')} />, root);
