/** Whether the browser has come to another network. */

/** Not in TypeScript's library: it is no standard yet, and `type` is told on phones only. */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
}

/**
 * Calls back when the browser is online again and when it changes between Wi-Fi, cable and mobile, until the returned
 * function is called.
 */
export function onNetworkChange(changed: () => void, scope: EventTarget = globalThis): () => void {
  const { navigator } = scope as { navigator?: { connection?: NetworkInformation } };
  const connection = navigator?.connection;
  let type = connection?.type;
  // It "changes" with every new estimate of the speed, too.
  const typeChanged = () => {
    const before = type;
    type = connection?.type;
    if (type !== before && type !== "none") changed();
  };
  scope.addEventListener?.("online", changed);
  connection?.addEventListener("change", typeChanged);
  return () => {
    scope.removeEventListener?.("online", changed);
    connection?.removeEventListener("change", typeChanged);
  };
}
