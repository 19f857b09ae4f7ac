/** Times on the clock of a place, as date-time inputs show them ("2030-05-01T18:00"). Pure. */

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let made = formats.get(zone);
  if (!made) {
    made = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      calendar: "iso8601",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(zone, made);
  }
  return made;
}

/** What the clocks of a zone show at that moment: "2030-05-01T18:00". */
export function wallClock(iso: string | number, zone: string): string {
  const parts = Object.fromEntries(
    format(zone)
      .formatToParts(new Date(iso))
      .map((one) => [one.type, one.value]),
  );
  return `${parts["year"]}-${parts["month"]}-${parts["day"]}T${parts["hour"]}:${parts["minute"]}`;
}

/** Minutes that the zone is ahead of UTC at that moment. */
export function offsetMin(at: number, zone: string): number {
  return Math.round((Date.parse(`${wallClock(at, zone)}Z`) - Math.floor(at / 60_000) * 60_000) / 60_000);
}

/** Every moment at which the clocks show that: none when they skip it, two when it comes twice. In order. */
export function moments(local: string, zone: string): string[] {
  const plain = Date.parse(`${local}Z`);
  if (Number.isNaN(plain)) return [];
  const day = 24 * 3600_000;
  const offsets = new Set([offsetMin(plain - day, zone), offsetMin(plain + day, zone)]);
  return [...offsets]
    .map((offset) => plain - offset * 60_000)
    .filter((at) => wallClock(at, zone) === local)
    .sort((one, other) => one - other)
    .map((at) => new Date(at).toISOString().replace(".000Z", "Z"));
}

/** The moment meant by a time on the clock: the first of two, and one that is skipped is moved on. */
export function momentOf(local: string, zone: string): string | null {
  const plain = Date.parse(`${local}Z`);
  if (Number.isNaN(plain)) return null;
  const found = moments(local, zone)[0];
  if (found) return found;
  const before = offsetMin(plain - 24 * 3600_000, zone);
  return new Date(plain - before * 60_000).toISOString().replace(".000Z", "Z");
}

/** Whether a moment is the second of two at which the clocks show the same. */
export function isLater(iso: string, zone: string): boolean {
  const both = moments(wallClock(iso, zone), zone);
  return both.length === 2 && Date.parse(both[1] ?? "") === Date.parse(iso);
}

/** "UTC+2", "UTC−3:30". */
export function offsetName(iso: string, zone: string): string {
  const offset = offsetMin(Date.parse(iso), zone);
  const hours = Math.floor(Math.abs(offset) / 60);
  const minutes = Math.abs(offset) % 60;
  return `UTC${offset < 0 ? "−" : "+"}${hours}${minutes ? `:${String(minutes).padStart(2, "0")}` : ""}`;
}

/** Every zone the browser knows, and the chosen one if it is none of them. */
export function zoneOptions(chosen: string): { value: string; label: string }[] {
  const zones = new Set([...Intl.supportedValuesOf("timeZone"), "UTC", chosen]);
  return [...zones].sort().map((zone) => ({ value: zone, label: zone.replaceAll("_", " ") }));
}
