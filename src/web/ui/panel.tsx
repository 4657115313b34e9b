import type { ComponentChildren } from 'preact';

/** A titled region of a view. `class` places it in the view's grid. */
export function Panel(props: { id: string; title: string; aside?: ComponentChildren; children: ComponentChildren }) {
  const headingId = `${props.id}-title`;
  return (
    <section class={`panel panel-${props.id}`} aria-labelledby={headingId}>
      <header class="panel-header">
        <h2 id={headingId}>{props.title}</h2>
        {props.aside}
      </header>
      {props.children}
    </section>
  );
}
