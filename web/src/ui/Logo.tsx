import "./Logo.css";

/** The mark: three people around one table. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg class="ui-logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect class="ui-logo-ground" width="32" height="32" rx="9" />
      <path
        class="ui-logo-ring"
        d="M21.9 20.7a7.5 7.5 0 0 1-11.8 0M8.7 14.4a7.5 7.5 0 0 1 4.6-5.4M18.7 9a7.5 7.5 0 0 1 4.6 5.4"
      />
      <circle class="ui-logo-person" cx="16" cy="8.4" r="2.3" />
      <circle class="ui-logo-person" cx="9.4" cy="18.6" r="2.3" />
      <circle class="ui-logo-person" cx="22.6" cy="18.6" r="2.3" />
    </svg>
  );
}
