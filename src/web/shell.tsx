import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { useApp } from './app-context.ts';
import { LiveFeed } from './live/feed.ts';
import { FeedContext } from './live/feed-context.ts';
import { messages } from './messages.ts';
import { Icon } from './ui/icon.tsx';
import { Logo } from './ui/logo.tsx';
import { ThemeButton } from './ui/theme-button.tsx';
import type { View } from './views.ts';
import { VIEWS } from './views.ts';

/** The frame around every view of a logged-in person. Its feed goes on while they move between views. */
export function Shell({ token, view, children }: { token: string; view: View | null; children: ComponentChildren }) {
  const { api, router } = useApp();
  const [feed] = useState(() => new LiveFeed(api, token));
  useLayoutEffect(() => {
    feed.start();
    return () => feed.stop();
  }, [feed]);
  useEffect(() => {
    document.title = `${view?.title ?? messages.notFound.title} · ${messages.product}`;
  }, [view]);

  const followLink = (event: MouseEvent) => {
    const link = (event.target as Element).closest('a');
    const plainClick = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !plainClick || link.target || link.origin !== location.origin || link.hash) return;
    event.preventDefault();
    router.navigate(link.pathname + link.search);
  };

  return (
    <FeedContext.Provider value={feed}>
      {/* biome-ignore lint/a11y: not a control of its own; the links inside are, and the keyboard reaches them as clicks */}
      <div class="shell" onClick={followLink}>
        <a class="skip-link" href="#content">
          {messages.skipToContent}
        </a>
        <header class="sidebar">
          <a class="home" href="/" aria-label={messages.product}>
            <Logo />
          </a>
          <nav class="navigation" aria-label={messages.navigation}>
            <ul>
              {VIEWS.map(({ path, title, icon }) => (
                <li key={path}>
                  <a href={path} aria-current={view?.path === path ? 'page' : undefined}>
                    <Icon name={icon} />
                    {title}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <Account />
        </header>
        <main id="content" tabIndex={-1}>
          {children}
        </main>
      </div>
    </FeedContext.Provider>
  );
}

function Account() {
  const { api, theme } = useApp();
  const [username, setUsername] = useState('');
  useEffect(() => {
    // Without an answer the name stays empty; a 401 has ended the session by then.
    api.me().then(
      (user) => setUsername(user.username),
      () => undefined,
    );
  }, [api]);
  return (
    <div class="account">
      <span class="account-name" title={`${messages.account.signedInAs} ${username}`} data-testid="username">
        <span class="avatar" aria-hidden="true">
          {username.slice(0, 1).toUpperCase()}
        </span>
        <span class="sr-only">{messages.account.signedInAs} </span>
        <span class="account-text">{username}</span>
      </span>
      <ThemeButton theme={theme} />
      <button
        type="button"
        class="icon-button"
        title={messages.account.logout}
        aria-label={messages.account.logout}
        data-testid="logout"
        onClick={() => api.logout()}
      >
        <Icon name="logout" />
      </button>
    </div>
  );
}
