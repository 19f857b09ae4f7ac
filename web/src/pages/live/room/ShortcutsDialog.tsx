import { Dialog } from "../../../ui";
import { SHORTCUTS } from "../shortcuts";
import { singleKeys } from "./singleKeys";
import "./keys.css";

export function ShortcutsDialog({ onClose }: { onClose(): void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="keys">
        {SHORTCUTS.map((shortcut) => (
          <div key={shortcut.key} class="keys-row">
            <dt>
              <kbd class="key">{shortcut.cap}</kbd>
            </dt>
            <dd>{shortcut.what}</dd>
          </div>
        ))}
      </dl>
      <label class="keys-switch">
        <input
          type="checkbox"
          checked={singleKeys.value}
          onChange={(event) => {
            singleKeys.value = event.currentTarget.checked;
          }}
        />
        Use these keys
      </label>
    </Dialog>
  );
}
