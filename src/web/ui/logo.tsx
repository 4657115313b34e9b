import logo from '../logo.svg';
import { messages } from '../messages.ts';

export function Logo() {
  return (
    <span class="logo">
      <img src={logo} alt="" width="28" height="28" />
      <span class="logo-name">{messages.product}</span>
    </span>
  );
}
