import type {
  DigitalSource,
  MasterFormat,
  MasterOrder,
  MasterSigner,
  MasterSize,
  Media,
  TrainingUse,
} from '../api/generated';

/** What the form holds: an order that is not whole yet. */
export interface Wish {
  readonly size: 'keep' | 'times' | 'longest';
  readonly factor: number;
  readonly pixels: number | null;
  readonly format: MasterFormat['kind'];
  readonly quality: number | null;
  /** Six hexadecimal digits; empty for none. */
  readonly ground: string;
  readonly clean: boolean;
  readonly disclosed: boolean;
  readonly unknown: DigitalSource | '';
  readonly signed: boolean;
  /** PEM files on the machine that runs the studio. */
  readonly certificate: string;
  readonly key: string;
  readonly training: TrainingUse;
}

export const NOTHING_CHANGED: Wish = {
  size: 'keep',
  factor: 8,
  pixels: 1024,
  format: 'keep',
  quality: 92,
  ground: '',
  clean: true,
  disclosed: true,
  unknown: '',
  signed: false,
  certificate: '',
  key: '',
  training: 'unsaid',
};

const GROUND = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i;

function groundOf(text: string): [number, number, number] | null {
  const digits = GROUND.exec(text.trim())?.slice(1) ?? [];
  const [red, green, blue] = digits.map((pair) => Number.parseInt(pair, 16));
  return red === undefined || green === undefined || blue === undefined ? null : [red, green, blue];
}

/** Whether something is lost in files of a kind, and how much is chosen. */
export const hasQuality = (format: Wish['format']): boolean => format === 'jpeg' || format === 'avif';

/** What is wrong with a wish, by field. */
export function problemsOf(
  wish: Wish,
): Partial<Record<'pixels' | 'quality' | 'ground' | 'signature', string>> {
  const whole = (value: number | null, least: number, most: number) =>
    value !== null && Number.isInteger(value) && value >= least && value <= most;
  const isJpeg = wish.format === 'jpeg';
  return {
    ...(wish.size === 'longest' && !whole(wish.pixels, 16, 16_384) ? { pixels: 'Name 16 to 16,384 px' } : {}),
    ...(hasQuality(wish.format) && !whole(wish.quality, 1, 100) ? { quality: 'Name 1 to 100' } : {}),
    ...(isJpeg && wish.ground.trim() !== '' && groundOf(wish.ground) === null
      ? { ground: 'Name six digits: 18181b' }
      : {}),
    ...(wish.format === 'avif' && wish.signed
      ? { signature: 'AVIF files are not signed here: choose PNG, JPEG or WebP, or leave the signature out' }
      : {}),
  };
}

/** Who signs; null where nobody does, or where a file is not named yet. */
export function signerOf(wish: Wish): MasterSigner | null {
  const [certificate, key] = [wish.certificate.trim(), wish.key.trim()];
  return wish.signed && certificate !== '' && key !== ''
    ? { certificate, key, training: wish.training }
    : null;
}

/** Whether a wish is for what was ordered before. */
export function isOf(wish: Wish, order: MasterOrder): boolean {
  const { signature, ...rest } = order;
  const training = wish.signed ? wish.training : undefined;
  return (
    JSON.stringify(orderOf(wish)) === JSON.stringify(orderOf(wishOf(rest))) &&
    training === signature?.training
  );
}

/** The order of a wish that has no problems. Whose signature is on it the studio reads from the certificate. */
export function orderOf(wish: Wish): MasterOrder {
  const size: MasterSize =
    wish.size === 'times'
      ? { kind: 'times', factor: wish.factor }
      : wish.size === 'longest'
        ? { kind: 'longest', pixels: wish.pixels ?? 0 }
        : { kind: 'keep' };
  const ground = groundOf(wish.ground);
  const format: MasterFormat =
    wish.format === 'jpeg'
      ? { kind: 'jpeg', quality: wish.quality ?? 0, ...(ground === null ? {} : { ground }) }
      : wish.format === 'avif'
        ? { kind: 'avif', quality: wish.quality ?? 0 }
        : { kind: wish.format };
  return {
    size,
    format,
    metadata: wish.clean ? 'clean' : 'keep',
    disclosed: wish.disclosed,
    ...(wish.disclosed && wish.unknown !== '' ? { unknown_source: wish.unknown } : {}),
  };
}

/** The wish behind an order. */
export function wishOf({ size, format, metadata, disclosed, unknown_source, signature }: MasterOrder): Wish {
  return {
    ...NOTHING_CHANGED,
    size: size.kind,
    ...(size.kind === 'times' ? { factor: size.factor } : {}),
    ...(size.kind === 'longest' ? { pixels: size.pixels } : {}),
    format: format.kind,
    ...(format.kind === 'avif' ? { quality: format.quality } : {}),
    ...(format.kind === 'jpeg'
      ? {
          quality: format.quality,
          ground: (format.ground ?? []).map((value) => value.toString(16).padStart(2, '0')).join(''),
        }
      : {}),
    clean: metadata === 'clean',
    disclosed,
    unknown: unknown_source ?? '',
    signed: signature !== undefined,
    training: signature?.training ?? 'unsaid',
  };
}

export const MEDIA: Record<Media, string> = { png: 'PNG', jpeg: 'JPEG', webp: 'WebP', avif: 'AVIF' };

/** IPTC's kinds of source, as people say them. */
export const SOURCES: Record<DigitalSource, string> = {
  trained_algorithmic_media: 'made by a trained model',
  composite_with_trained_algorithmic_media: 'a trained model over other media',
  composite_synthetic: 'put together, partly synthetic',
  composite: 'put together from elements',
  algorithmic_media: 'made by an algorithm',
  digital_creation: 'made by a human, digitally',
  digital_capture: 'photographed',
};

/** "8 times as large, PNG". */
export function inWords({ size, format, signature }: MasterOrder): string {
  const large =
    size.kind === 'times'
      ? `${String(size.factor)} times as large`
      : size.kind === 'longest'
        ? `${String(size.pixels)} px`
        : 'as large as they are';
  const kind = format.kind === 'keep' ? '' : `, ${MEDIA[format.kind]}`;
  return `${large}${kind}${signature === undefined ? '' : ', signed'}`;
}
