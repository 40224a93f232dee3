/**
 * Ids in the order the studio gave them, some of which have been taken out since: what hangs on a wall.
 *
 * A wall may hold a million. Taking one out, putting it back, finding an id and counting up to a place all cost the same
 * whether it holds ten or a million (to a logarithm): ids never move in memory. A *position* is a place in the list as it
 * was read and stays the same for good; an *index* is a place among those that are present now.
 *
 * An order never changes; each change gives a new one that shares the memory of the old.
 */

const BITS = 10;
/** Ids of one block: what was taken out is counted by blocks, and by bits within them. */
const BLOCK = 1 << BITS;
const WORDS = BLOCK / 32;
/** Ids of one page of the finder. */
const PAGE = 256;

/** The ids themselves, shared by all orders that come from one another. */
interface Base {
  ids: Float64Array;
  /** How many of `ids` are written. Orders that see fewer were made before the others arrived. */
  filled: number;
  /** Positions by id, in pages; built when first asked, then kept up to date. */
  readonly pages: Map<number, Int32Array<ArrayBuffer>>;
  /** How many ids the pages know. */
  known: number;
  /** Whether ids ascend, as they do in the order of arrival: then they are found without pages. */
  ascending: boolean;
}

/** Which of a block's ids were taken out; undefined when none was. */
type Holes = Uint32Array | undefined;

const ones = (word: number): number => {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return (((bits + (bits >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
};

export class Order {
  static readonly NONE = Order.of([]);

  private constructor(
    private readonly base: Base,
    /** How many positions there are. */
    readonly size: number,
    private readonly holes: readonly Holes[],
    /** How many were taken out before each block. */
    private readonly before: Uint32Array,
    /** How many are present. */
    readonly length: number,
  ) {}

  /** All of `ids`, which must not repeat. */
  static of(ids: ArrayLike<number>): Order {
    const base: Base = {
      ids: Float64Array.from(ids),
      filled: ids.length,
      pages: new Map(),
      known: 0,
      ascending: true,
    };
    base.ascending = ascends(base.ids, 0, ids.length);
    const blocks = Math.ceil(ids.length / BLOCK);
    return new Order(base, ids.length, [], new Uint32Array(blocks + 1), ids.length);
  }

  /** The id at a position, present or not. */
  idAt(position: number): number | undefined {
    return position >= 0 && position < this.size ? this.base.ids[position] : undefined;
  }

  /** The position of an id, present or not; -1 when it was never in the list. */
  positionOf(id: number | null): number {
    if (id === null) {
      return -1;
    }
    const { base } = this;
    if (base.ascending) {
      const position = searched(base.ids, this.size, id);
      return base.ids[position] === id && position < this.size ? position : -1;
    }
    for (let page = -1, entries = new Int32Array(0); base.known < base.filled; base.known += 1) {
      const of = base.ids[base.known] ?? 0;
      const at = Math.floor(of / PAGE);
      if (at !== page) {
        entries = base.pages.get(at) ?? new Int32Array(PAGE);
        base.pages.set(at, entries);
        page = at;
      }
      entries[of - at * PAGE] = base.known + 1;
    }
    const page = Math.floor(id / PAGE);
    const position = (base.pages.get(page)?.[id - page * PAGE] ?? 0) - 1;
    return position < this.size ? position : -1;
  }

  /** Whether what stands at a position is present. */
  presentAt(position: number): boolean {
    const holes = this.holes[position >> BITS];
    const bit = position & (BLOCK - 1);
    return position >= 0 && position < this.size && (((holes?.[bit >> 5] ?? 0) >>> (bit & 31)) & 1) === 0;
  }

  has(id: number | null): boolean {
    return this.presentAt(this.positionOf(id));
  }

  /** How many are present before a position. */
  rank(position: number): number {
    const end = Math.min(Math.max(0, position), this.size);
    const block = end >> BITS;
    const holes = this.holes[block];
    let gone = this.before[block] ?? 0;
    if (holes !== undefined) {
      const bit = end & (BLOCK - 1);
      for (let word = 0; word < bit >> 5; word += 1) {
        gone += ones(holes[word] ?? 0);
      }
      // A shift by 32 would be none at all; `bit & 31` is below that.
      gone += ones((holes[bit >> 5] ?? 0) & ((1 << (bit & 31)) - 1));
    }
    return end - gone;
  }

  /** The position of what is present at `index`; -1 when there is nothing. */
  position(index: number): number {
    if (!(index >= 0 && index < this.length)) {
      return -1;
    }
    if (this.length === this.size) {
      return index;
    }
    // The last block before which at most `index` are present.
    let [low, high] = [0, Math.ceil(this.size / BLOCK) - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (middle * BLOCK - (this.before[middle] ?? 0) <= index) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    let left = index - (low * BLOCK - (this.before[low] ?? 0));
    const holes = this.holes[low];
    if (holes === undefined) {
      return low * BLOCK + left;
    }
    for (let word = 0; word < WORDS; word += 1) {
      const gone = holes[word] ?? 0;
      const here = 32 - ones(gone);
      if (left >= here) {
        left -= here;
        continue;
      }
      for (let bit = 0; ; bit += 1) {
        if (((gone >>> bit) & 1) === 0) {
          if (left === 0) {
            return low * BLOCK + word * 32 + bit;
          }
          left -= 1;
        }
      }
    }
    return -1;
  }

  /** The id at an index; undefined when there is none. */
  at(index: number): number | undefined {
    return this.idAt(this.position(index));
  }

  /** The index of an id; -1 when it is not present. */
  indexOf(id: number | null): number {
    const position = this.positionOf(id);
    return this.presentAt(position) ? this.rank(position) : -1;
  }

  /** The ids from index `from` up to `to`. */
  slice(from = 0, to = this.length): number[] {
    const end = Math.min(to, this.length);
    const ids: number[] = [];
    for (let at = this.position(Math.max(0, from)); ids.length < end - Math.max(0, from); at += 1) {
      if (this.presentAt(at)) {
        ids.push(this.base.ids[at] ?? 0);
      }
    }
    return ids;
  }

  /** Whoever stands at `position` now: the first present from there on, or else the last of all. */
  standingAt(position: number): number | null {
    return this.at(this.rank(position)) ?? this.at(this.length - 1) ?? null;
  }

  /** Takes these ids out. Those that are not present stay out. */
  without(ids: Iterable<number>): Order {
    return this.#mark(ids, true);
  }

  /** Puts these ids back where they were. Those that were never in the list stay out. */
  with(ids: Iterable<number>): Order {
    return this.#mark(ids, false);
  }

  #mark(ids: Iterable<number>, out: boolean): Order {
    const changed = new Map<number, Uint32Array>();
    let difference = 0;
    for (const id of ids) {
      const position = this.positionOf(id);
      if (position < 0) {
        continue;
      }
      const block = position >> BITS;
      const bit = position & (BLOCK - 1);
      const old = changed.get(block) ?? this.holes[block];
      const word = old?.[bit >> 5] ?? 0;
      const mask = 1 << (bit & 31);
      if (((word & mask) !== 0) === out) {
        continue;
      }
      const holes = changed.get(block) ?? Uint32Array.from(old ?? new Uint32Array(WORDS));
      holes[bit >> 5] = word ^ mask;
      changed.set(block, holes);
      difference += out ? -1 : 1;
    }
    if (changed.size === 0) {
      return this;
    }
    const holes = this.holes.slice();
    for (const [block, bits] of changed) {
      holes[block] = bits;
    }
    return new Order(this.base, this.size, holes, this.#sums(holes, this.size), this.length + difference);
  }

  /** How many holes there are before each block of `size` positions. */
  #sums(holes: readonly Holes[], size: number): Uint32Array {
    const before = new Uint32Array(Math.ceil(size / BLOCK) + 1);
    for (let block = 0; block + 1 < before.length; block += 1) {
      const bits = holes[block];
      let gone = 0;
      if (bits !== undefined) {
        // A block that did not change has the sum it had.
        const same = bits === this.holes[block] && block + 1 < this.before.length;
        gone = same ? (this.before[block + 1] ?? 0) - (this.before[block] ?? 0) : bits.reduce(adding, 0);
      }
      before[block + 1] = (before[block] ?? 0) + gone;
    }
    return before;
  }

  /** Hangs ids at the end; those that are in the list already stay where they are. */
  append(ids: readonly number[]): Order {
    const more = [...new Set(ids)].filter((id) => this.positionOf(id) < 0);
    if (more.length === 0) {
      return this;
    }
    const size = this.size + more.length;
    let { base } = this;
    // Somebody else has written behind this order, or there is no room: begin anew, with room to grow.
    if (base.filled !== this.size || base.ids.length < size) {
      const room = new Float64Array(Math.max(BLOCK, 2 * size));
      room.set(base.ids.subarray(0, this.size));
      base = { ids: room, filled: this.size, pages: new Map(), known: 0, ascending: base.ascending };
    }
    base.ids.set(more, this.size);
    base.filled = size;
    base.ascending &&= ascends(base.ids, Math.max(0, this.size - 1), size);
    return new Order(base, size, this.holes, this.#sums(this.holes, size), this.length + more.length);
  }
}

const adding = (sum: number, word: number): number => sum + ones(word);

function ascends(ids: Float64Array, from: number, to: number): boolean {
  for (let position = from + 1; position < to; position += 1) {
    if ((ids[position] ?? 0) <= (ids[position - 1] ?? 0)) {
      return false;
    }
  }
  return true;
}

/** The first of the first `size` ascending ids that is at least `id`. */
function searched(ids: Float64Array, size: number, id: number): number {
  let [low, high] = [0, size];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] ?? 0) < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
