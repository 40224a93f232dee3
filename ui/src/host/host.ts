/** Whether the studio can be reached. */
export type Link = 'connecting' | 'open' | 'lost';

/** What the studio tells a listener without being asked. */
export interface Listener {
  /** One event, as the studio wrote it. */
  event(payload: unknown): void;
  /** The link changed. After `lost`, `open` means that events were missed and everything is to be read again. */
  link(link: Link): void;
}

/** Somebody who came in by an invitation. */
export interface Guest {
  readonly name: string;
  readonly role: string;
  /** Until when the invitation holds, in ms since 1970. */
  readonly expires_at: number;
  /** The commands that are theirs. */
  readonly commands: readonly string[];
}

/** Hears of files that are dragged over the window. */
export interface PathListener {
  /** They are over it, or have left it. */
  over(hovers: boolean): void;
  /** They were dropped at a point of the page. */
  drop(paths: readonly string[], x: number, y: number): void;
}

/** The outside world: whoever carries commands to the studio and events back. */
export interface Host {
  /** Carries out a command; rejects with the studio's error object, or an `Error` when it cannot be reached. */
  call(command: string, request: unknown): Promise<unknown>;
  /**
   * Who came in by an invitation; null where somebody sits at the studio itself. Rejects with the studio's error object
   * where an invitation is needed and none holds. Absent where nobody can be a guest.
   */
  readonly guest?: () => Promise<Guest | null>;
  /** Listens until the returned function is called. */
  listen(listener: Listener): () => void;
  /** The address under which the studio serves `path` ("thumb/12"). */
  address(path: string): string;
  /** Sends a picture file to become a candidate; absent where files are named by their paths. */
  readonly upload?: (file: File) => Promise<{ candidate: number; known: boolean }>;
  /** Listens for files that are dropped with their paths, until the returned function is called; absent where only pages
   * hear of them. */
  readonly listenForPaths?: (listener: PathListener) => () => void;
  /** Asks for a folder with the system's dialog; absent where there is none. */
  readonly chooseFolder?: (title: string) => Promise<string | null>;
  /**
   * Asks likewise for a file, of those whose names have one of these endings ("png"); `kind` is what they are called
   * together.
   */
  readonly chooseFile?: (title: string, kind: string, endings: readonly string[]) => Promise<string | null>;
}
