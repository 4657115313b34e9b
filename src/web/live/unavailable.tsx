/** In place of figures that this host does not have: what is missing, and why. */
export function Unavailable(props: { title: string; reason: string; testId: string }) {
  return (
    <p class="unavailable" data-testid={props.testId}>
      <strong>{props.title}</strong>
      <span>{props.reason}</span>
    </p>
  );
}
