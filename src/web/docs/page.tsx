import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Cell } from '../lib/cell.ts';
import { useCell } from '../lib/hooks.ts';
import type { Preference } from '../lib/preferences.ts';
import { LatestRequest } from '../lib/request.ts';
import type { Theme } from '../lib/theme.ts';
import { Logo } from '../ui/logo.tsx';
import { ThemeButton } from '../ui/theme-button.tsx';
import type { ApiDocument, Group } from './document.ts';
import { filterGroups, groupsOf } from './document.ts';
import { loadDocument } from './load.ts';
import { docsMessages } from './messages.ts';
import { MethodBadge, OperationView } from './operation.tsx';
import { TokenPanel } from './token.tsx';

const text = docsMessages;

/** The API, as the daemon describes it. */
export function DocsPage({ theme, token }: { theme: Preference<Theme>; token: Cell<string> }) {
  const [request] = useState(() => new LatestRequest<ApiDocument>());
  const { value, loading, problem } = useCell(request);
  const load = () => void request.run(loadDocument);
  useEffect(load, [request]);
  return (
    <div class="docs">
      <a class="skip-link" href="#operations">
        {text.skip}
      </a>
      <header class="docs-header">
        <a class="home" href="/">
          <Logo />
        </a>
        <h1>{text.title}</h1>
        {value && <span class="version">{value.info.version}</span>}
        <a class="description-link" href="/api/openapi.json">
          {text.description}
        </a>
        <ThemeButton theme={theme} />
      </header>
      {!value && loading && <p class="empty">{text.loading}</p>}
      {problem && (
        <div class="view-problem" role="alert">
          <p>{text.failed(problem)}</p>
          <button type="button" class="plain-button" onClick={load}>
            {text.retry}
          </button>
        </div>
      )}
      {value && <Operations description={value} token={token} />}
    </div>
  );
}

function Operations({ description, token }: { description: ApiDocument; token: Cell<string> }) {
  const groups = useMemo(() => groupsOf(description), [description]);
  const [filter, setFilter] = useState('');
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const shown = useMemo(() => filterGroups(groups, filter), [groups, filter]);
  const toggle = (id: string, open: boolean) => {
    setOpened((before) => {
      const after = new Set(before);
      if (open) after.add(id);
      else after.delete(id);
      return after;
    });
    if (open) history.replaceState(null, '', `#${id}`);
  };
  useDeepLink((id) => {
    setFilter('');
    setOpened((before) => new Set(before).add(id));
  });
  return (
    <div class="docs-columns">
      <nav class="docs-navigation" aria-label={text.operations}>
        {shown.map(({ tag, operations }) => (
          <section key={tag}>
            <h2>{tag}</h2>
            <ul>
              {operations.map(({ id, method, path, isSocket }) => (
                <li key={id}>
                  <a href={`#${id}`} title={path}>
                    <MethodBadge method={isSocket ? 'WS' : method} />
                    <span>{path.replace(/^\/api/, '')}</span>
                  </a>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </nav>
      <main id="operations" tabIndex={-1}>
        <TokenPanel token={token} />
        <FilterBox filter={filter} onFilter={setFilter} shown={count(shown)} total={count(groups)} />
        {shown.length === 0 && (
          <p class="empty">
            {text.nothing}{' '}
            <button type="button" class="text-button" onClick={() => setFilter('')}>
              {text.showAll}
            </button>
          </p>
        )}
        {shown.map(({ tag, operations }) => (
          <section key={tag} class="group" aria-labelledby={`group-${tag}`}>
            <h3 id={`group-${tag}`}>{tag}</h3>
            {operations.map((operation) => (
              <OperationView
                key={operation.id}
                operation={operation}
                open={opened.has(operation.id)}
                onToggle={(open) => toggle(operation.id, open)}
                token={token}
              />
            ))}
          </section>
        ))}
      </main>
    </div>
  );
}

function count(groups: readonly Group[]): number {
  return groups.reduce((sum, { operations }) => sum + operations.length, 0);
}

interface FilterProps {
  filter: string;
  onFilter: (text: string) => void;
  shown: number;
  total: number;
}

function FilterBox({ filter, onFilter, shown, total }: FilterProps) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const typing = (event.target as Element).closest('input, textarea, select');
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      box.current?.focus();
    };
    document.addEventListener('keydown', focus);
    return () => document.removeEventListener('keydown', focus);
  }, []);
  return (
    <search class="filter field">
      <input
        ref={box}
        type="search"
        aria-label={text.filter}
        placeholder={text.filterHint}
        value={filter}
        data-testid="filter"
        onInput={(event) => onFilter(event.currentTarget.value)}
      />
      <span class="filter-count" role="status" data-testid="filter-count">
        {text.shown(shown, total)}
      </span>
    </search>
  );
}

/** Opens the operation that the address names, and brings it into view: at first, and whenever that changes. */
function useDeepLink(open: (id: string) => void) {
  const [target, setTarget] = useState<{ id: string } | null>(null);
  useEffect(() => {
    const follow = () => {
      const id = decodeURIComponent(location.hash.slice(1));
      if (!id || id === 'operations') return;
      open(id);
      setTarget({ id });
    };
    follow();
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  useLayoutEffect(() => {
    if (!target) return;
    const element = document.getElementById(target.id);
    element?.scrollIntoView();
    element?.querySelector('summary')?.focus({ preventScroll: true });
  }, [target]);
}
