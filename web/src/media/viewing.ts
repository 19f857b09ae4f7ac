/**
 * Which pictures the page shows, and how large: so that only these are asked for. Pure.
 *
 * Fed with what places on the page show, and the time (milliseconds). `due` says what to tell the server: more picture
 * soon, less picture after a while, so that a window being dragged or a page being turned is not a flood of requests.
 */

/** What one place on the page shows of a picture. */
export interface View {
  /** In device pixels; 0: as large as there is. */
  height: number;
  pinned: boolean;
}

/** What the server is told (`media.setLayers`). */
export interface Shown extends View {
  visible: boolean;
}

/** Milliseconds until more is asked for; so many places appear in one go that this is worth waiting. */
export const SOON = 40;
/** Milliseconds until less is: a page is turned back, a panel closed again. */
export const LATER = 600;
/** Milliseconds until a request that failed is repeated. */
export const RETRY = 2_000;
/** Heights that differ by less than this share are the same to a choice between sizes that double. */
const CLOSE = 0.1;

/** What the server supposes of a picture of which it has not been told anything. */
const SUPPOSED: Shown = { height: 0, visible: true, pinned: false };
const UNSEEN: Shown = { height: 0, visible: false, pinned: false };

interface Picture {
  places: Map<object, View>;
  /** Whether it is received: before that nobody is told anything. */
  open: boolean;
  /** null: not known, the last request failed. */
  told: Shown | null;
  dueAt: number;
}

export class Viewing {
  private readonly pictures = new Map<string, Picture>();
  private covered = false;

  /** One place shows a picture so, or no longer (null). Places are told apart by identity. */
  see(producerId: string, place: object, view: View | null, now: number): void {
    const picture = this.pictureOf(producerId);
    if (view === null) picture.places.delete(place);
    else picture.places.set(place, view);
    this.plan(picture, now);
    this.tidy(producerId, picture);
  }

  /** The page is hidden, or something lies over all pictures. Sound is not concerned. */
  cover(covered: boolean, now: number): void {
    if (covered === this.covered) return;
    this.covered = covered;
    for (const picture of this.pictures.values()) this.plan(picture, now);
  }

  /**
   * Receiving begins: answers what is to be told at once, null where that is what the server supposes. A picture that
   * no place shows yet is received for a moment, because its place may be about to appear.
   */
  begin(producerId: string, now: number): Shown | null {
    const picture = this.pictureOf(producerId);
    picture.open = true;
    picture.told = SUPPOSED;
    const wanted = this.wanted(picture);
    if (picture.places.size === 0 || same(wanted, SUPPOSED)) {
      this.plan(picture, now);
      return null;
    }
    picture.told = wanted;
    picture.dueAt = Number.POSITIVE_INFINITY;
    return wanted;
  }

  /** It is no longer received. */
  end(producerId: string): void {
    const picture = this.pictures.get(producerId);
    if (picture === undefined) return;
    picture.open = false;
    picture.dueAt = Number.POSITIVE_INFINITY;
    this.tidy(producerId, picture);
  }

  /** The server could not be told. */
  failed(producerId: string, now: number): void {
    const picture = this.pictures.get(producerId);
    if (picture === undefined || !picture.open) return;
    picture.told = null;
    picture.dueAt = now + RETRY;
  }

  /** Whether the server has been told, last, that it is to be seen. */
  shows(producerId: string): boolean {
    const picture = this.pictures.get(producerId);
    return picture?.open === true && picture.told?.visible === true;
  }

  /** When `due` will have something to say; infinity while all is told. */
  get nextDue(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.pictures.values()) next = Math.min(next, dueAt);
    return next;
  }

  /** What to tell now, counted as told. */
  due(now: number): [producerId: string, shown: Shown][] {
    const news: [string, Shown][] = [];
    for (const [producerId, picture] of this.pictures) {
      if (now < picture.dueAt) continue;
      const wanted = this.wanted(picture);
      picture.told = wanted;
      picture.dueAt = Number.POSITIVE_INFINITY;
      news.push([producerId, wanted]);
    }
    return news;
  }

  private plan(picture: Picture, now: number): void {
    if (!picture.open || picture.told === null) return;
    const wanted = this.wanted(picture);
    if (same(wanted, picture.told)) picture.dueAt = Number.POSITIVE_INFINITY;
    else picture.dueAt = Math.min(picture.dueAt, now + (isMore(wanted, picture.told) ? SOON : LATER));
  }

  /** The most that any place shows. */
  private wanted({ places }: Picture): Shown {
    if (this.covered || places.size === 0) return UNSEEN;
    const views = [...places.values()];
    const whole = views.some(({ height }) => height === 0);
    return {
      height: whole ? 0 : Math.max(...views.map(({ height }) => height)),
      visible: true,
      pinned: views.some(({ pinned }) => pinned),
    };
  }

  private pictureOf(producerId: string): Picture {
    let picture = this.pictures.get(producerId);
    if (picture === undefined) {
      picture = { places: new Map(), open: false, told: null, dueAt: Number.POSITIVE_INFINITY };
      this.pictures.set(producerId, picture);
    }
    return picture;
  }

  private tidy(producerId: string, picture: Picture): void {
    if (!picture.open && picture.places.size === 0) this.pictures.delete(producerId);
  }
}

function same(one: Shown, other: Shown): boolean {
  if (one.visible !== other.visible) return false;
  if (!one.visible) return true;
  if (one.pinned !== other.pinned) return false;
  if (one.height === 0 || other.height === 0) return one.height === other.height;
  return Math.abs(one.height - other.height) < CLOSE * other.height;
}

function isMore(wanted: Shown, told: Shown): boolean {
  if (!wanted.visible) return false;
  const size = ({ height }: Shown) => height || Number.POSITIVE_INFINITY;
  return !told.visible || size(wanted) > size(told) || (wanted.pinned && !told.pinned);
}
