/**
 * Several pictures looked at as one: a view says how much larger than fitted and which spot is in the middle, both in shares of
 * the picture, so that it means the same for pictures and panes of any size. A pane may lie off the others by an own share.
 */
import { fit, settle, type Extent, type Point, type Zoom } from '../loupe/zoom';

export interface View {
  /** 1 when the whole picture is seen. */
  readonly times: number;
  /** The spot of the picture in the middle of the pane, 0 to 1. */
  readonly x: number;
  readonly y: number;
}

/** What all panes show, and by how much each is off it. */
export interface Views {
  readonly all: View;
  readonly own: Readonly<Record<number, View>>;
}

/** A pane: the picture in it, and its room, in CSS pixels. */
export interface Room {
  readonly picture: Extent;
  readonly viewport: Extent;
}

export const FITTED: View = { times: 1, x: 0.5, y: 0.5 };
const NOT_OFF: View = { times: 1, x: 0, y: 0 };
export const START: Views = { all: FITTED, own: {} };

const MARGIN = 6;
const MOST = 64;

/** What pane `pane` shows. */
export function viewOf({ all, own }: Views, pane: number): View {
  const off = own[pane] ?? NOT_OFF;
  return { times: all.times * off.times, x: all.x + off.x, y: all.y + off.y };
}

/** The scale at which a picture is seen whole. */
const fitted = ({ picture, viewport }: Room): number => fit(picture, viewport, MARGIN).scale;

/** Where a picture lies in its pane. */
export function placed(view: View, room: Room): Zoom {
  const { picture, viewport } = room;
  const scale = fitted(room) * view.times;
  return settle(
    {
      scale,
      x: viewport.width / 2 - view.x * picture.width * scale,
      y: viewport.height / 2 - view.y * picture.height * scale,
      fitted: view.times <= 1,
    },
    picture,
    viewport,
  );
}

/** A view that shows no more beside the picture than it must. */
export function within(view: View, room: Room): View {
  const times = Math.min(MOST, Math.max(1, view.times));
  const scale = fitted(room) * times;
  const along = (at: number, length: number, space: number) => {
    const half = space / (2 * length * scale);
    return half >= 0.5 ? 0.5 : Math.min(1 - half, Math.max(half, at));
  };
  return {
    times,
    x: along(view.x, room.picture.width, room.viewport.width),
    y: along(view.y, room.picture.height, room.viewport.height),
  };
}

/** `factor` times as large; the spot of the picture under `at` (from the pane's corner) stays there. */
export function enlarged(view: View, factor: number, at: Point, room: Room): View {
  const { picture, viewport } = room;
  const times = Math.min(MOST, Math.max(1, view.times * factor));
  const [before, after] = [fitted(room) * view.times, fitted(room) * times];
  const shift = 1 / before - 1 / after;
  return within(
    {
      times,
      x: view.x + ((at.x - viewport.width / 2) / picture.width) * shift,
      y: view.y + ((at.y - viewport.height / 2) / picture.height) * shift,
    },
    room,
  );
}

/** The picture dragged by so many pixels. */
export function dragged(view: View, by: Point, room: Room): View {
  const scale = fitted(room) * view.times;
  return within(
    {
      times: view.times,
      x: view.x - by.x / (room.picture.width * scale),
      y: view.y - by.y / (room.picture.height * scale),
    },
    room,
  );
}

/** How many times larger than fitted one pixel of the picture is one of the screen. */
export const actual = (room: Room, pixelRatio: number): number => 1 / pixelRatio / fitted(room);

/** Lets pane `pane` show `target`, and the others go with it; with `alone` it goes by itself. */
export function show(views: Views, pane: number, target: View, alone: boolean): Views {
  const { all, own } = views;
  if (alone) {
    const off = { times: target.times / all.times, x: target.x - all.x, y: target.y - all.y };
    return { all, own: { ...own, [pane]: off } };
  }
  const off = own[pane] ?? NOT_OFF;
  return { all: { times: target.times / off.times, x: target.x - off.x, y: target.y - off.y }, own };
}

/** Columns in which `count` pictures of this shape are seen largest in a room. */
export function columnsFor(count: number, room: Extent, shape: number): number {
  let [best, most] = [1, 0];
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const width = Math.min(room.width / columns, (room.height / rows) * shape);
    if (width > most) {
      [best, most] = [columns, width];
    }
  }
  return best;
}
