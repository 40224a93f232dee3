/** How a picture lies under the loupe: arithmetic without a page. Lengths are CSS pixels. */

export interface Extent {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A picture's scale, and where its top left corner is in the viewport. `fitted` follows the viewport. */
export interface Zoom {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
  readonly fitted: boolean;
}

const MOST = 32;
const LEAST = 0.05;

/** The whole picture, as large as the viewport allows with `margin` pixels to spare. */
export function fit(picture: Extent, viewport: Extent, margin: number): Zoom {
  const scale = Math.max(
    LEAST,
    Math.min((viewport.width - 2 * margin) / picture.width, (viewport.height - 2 * margin) / picture.height),
  );
  return settle({ scale, x: 0, y: 0, fitted: true }, picture, viewport);
}

/** Brings a picture that left the viewport back: centred where it is smaller, covering where it is larger. */
export function settle(zoom: Zoom, picture: Extent, viewport: Extent): Zoom {
  const along = (at: number, length: number, room: number) =>
    length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, at));
  return {
    ...zoom,
    x: along(zoom.x, picture.width * zoom.scale, viewport.width),
    y: along(zoom.y, picture.height * zoom.scale, viewport.height),
  };
}

/** Scales to `scale`; the spot of the picture under `at` stays there. */
export function zoomTo(zoom: Zoom, scale: number, at: Point, picture: Extent, viewport: Extent): Zoom {
  const wanted = Math.min(MOST, Math.max(LEAST, scale));
  const ratio = wanted / zoom.scale;
  return settle(
    { scale: wanted, x: at.x - (at.x - zoom.x) * ratio, y: at.y - (at.y - zoom.y) * ratio, fitted: false },
    picture,
    viewport,
  );
}

/** Moves the picture. */
export function pan(zoom: Zoom, by: Point, picture: Extent, viewport: Extent): Zoom {
  return settle({ ...zoom, x: zoom.x + by.x, y: zoom.y + by.y, fitted: false }, picture, viewport);
}

/** The scale after a turn of the wheel by `delta` pixels: twice as large for every 300. */
export const wheeled = (scale: number, delta: number): number => scale * 2 ** (-delta / 300);
