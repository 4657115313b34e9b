import type { IconName } from './icon.tsx';
import { Icon } from './icon.tsx';

interface ToolButtonProps {
  icon: IconName;
  label: string;
  disabled?: boolean;
  testId?: string;
  onClick(): void;
}

/** A toolbar's button that shows an icon alone. */
export function ToolButton({ icon, label, disabled = false, testId, onClick }: ToolButtonProps) {
  return (
    <button
      type="button"
      class="tool"
      title={label}
      aria-label={label}
      disabled={disabled}
      data-testid={testId}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
