import { useEffect, useRef } from 'preact/hooks';

/** Timers fire a little early at times. */
const TIMER_SLACK_MS = 500;

/** Calls `refresh` every so often while the page is visible, and at once when it becomes so after a longer time; not at all for null. */
export function useRefresh(everyMs: number | null, refresh: () => void): void {
  const latest = useRef(refresh);
  latest.current = refresh;
  useEffect(() => {
    if (everyMs === null) return;
    let dueMs = Date.now() + everyMs;
    const refreshIfDue = () => {
      if (document.hidden || Date.now() < dueMs - TIMER_SLACK_MS) return;
      dueMs = Date.now() + everyMs;
      latest.current();
    };
    const timer = setInterval(refreshIfDue, everyMs);
    document.addEventListener('visibilitychange', refreshIfDue);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', refreshIfDue);
    };
  }, [everyMs]);
}
