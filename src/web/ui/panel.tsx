import type { ComponentChildren } from 'preact';

/** A titled region of a view. `class` places it in the view's grid. */
export function Panel(props: {
  id: string;
  title: string;
  /** Of the heading. */
  level?: 2 | 3;
  aside?: ComponentChildren;
  children: ComponentChildren;
}) {
  const headingId = `${props.id}-title`;
  const Heading = props.level === 3 ? 'h3' : 'h2';
  return (
    <section class={`panel panel-${props.id}`} aria-labelledby={headingId}>
      <header class="panel-header">
        <Heading id={headingId}>{props.title}</Heading>
        {props.aside}
      </header>
      {props.children}
    </section>
  );
}
