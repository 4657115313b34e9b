import { messages } from './messages.ts';

export function NotFound() {
  const { title, text, back } = messages.notFound;
  return (
    <div class="not-found">
      <h1>{title}</h1>
      <p>{text}</p>
      <a href="/">{back}</a>
    </div>
  );
}
