import { exampleOf } from './example.ts';
import { docsMessages } from './messages.ts';
import type { Schema, SchemaRow } from './schema.ts';
import { schemaRows } from './schema.ts';

const text = docsMessages.operation;

/** What a body looks like: its fields as a tree, beside a value that fits. */
export function SchemaTree({ schema }: { schema: Schema }) {
  const rows = schemaRows(schema);
  return (
    <div class="schema">
      {rows.length > 0 && (
        <ul class="tree">
          {rows.map((row, index) => (
            <TreeRow key={`${index} ${row.name}`} row={row} />
          ))}
        </ul>
      )}
      <figure class="example">
        <figcaption>{text.example}</figcaption>
        <pre>
          <code>{JSON.stringify(exampleOf(schema, Date.now()), null, 2)}</code>
        </pre>
      </figure>
    </div>
  );
}

function TreeRow({ row: { name, depth, type, limits, required, description } }: { row: SchemaRow }) {
  return (
    <li style={{ paddingLeft: `${depth * 18}px` }}>
      <code class="name">{name ?? text.entry}</code>
      <span class="type">{type}</span>
      {limits.map((limit) => (
        <span key={limit} class="limit">
          {limit}
        </span>
      ))}
      {name !== null && !required && <span class="optional">{text.optional}</span>}
      {description && <p>{description}</p>}
    </li>
  );
}
