/** Whether this server runs with demo content: `"demo": true` in `/healthz`. No when it does not say, or does not answer. */
export async function isDemo(signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch("/healthz", { headers: { Accept: "application/json" }, signal });
    const health: unknown = await response.json();
    return typeof health === "object" && health !== null && "demo" in health && health.demo === true;
  } catch {
    return false;
  }
}
