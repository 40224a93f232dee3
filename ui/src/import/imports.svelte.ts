/** Pictures that come in from files: dropped here, named by path, or found in watched folders. */
import { call, Fault } from '../api/client';
import { events } from '../api/events.svelte';
import type { ImportProgress, WatchedFolder } from '../api/generated';
import { host } from '../host';
import { toasts } from '../shared/toasts.svelte';
import { counted } from '../shared/words';
import { pictureFiles } from './pictures';

/** Files sent at the same time: one travels while another is decoded. */
const AT_ONCE = 2;

const idle: ImportProgress = {
  import: 0,
  title: '',
  counting: false,
  found: 0,
  added: 0,
  known: 0,
  refused: 0,
  failed: [],
  done: true,
  cancelled: false,
  fault: null,
  seconds_left: null,
};

class Imports {
  /** The import in the studio; null before the first. */
  studio = $state.raw<ImportProgress | null>(null);
  /** What this page is sending; null while it sends nothing. */
  sending = $state.raw<ImportProgress | null>(null);
  /** The last import that had failures or stopped, until somebody has read it. */
  report = $state.raw<ImportProgress | null>(null);
  folders = $state.raw<readonly WatchedFolder[]>([]);
  #stopped = false;

  /** What is shown: our own sending first. */
  get current(): ImportProgress | null {
    return this.sending ?? (this.studio?.done === false ? this.studio : null);
  }

  start(): void {
    events.on('import_progress', (progress) => {
      this.#heard(progress);
    });
    events.on('watched_folders', ({ folders }) => {
      this.folders = folders;
    });
    events.onResync(() => {
      void this.readFolders();
    });
  }

  async readFolders(): Promise<void> {
    try {
      this.folders = await call('watched_folders', {});
    } catch (thrown) {
      this.#tell(thrown);
    }
  }

  /** Watches a folder; says whether that worked. */
  async watch(path: string): Promise<boolean> {
    try {
      this.folders = await call('watch_folder', { path });
      return true;
    } catch (thrown) {
      this.#tell(thrown);
      return false;
    }
  }

  async unwatch(path: string): Promise<void> {
    try {
      this.folders = await call('unwatch_folder', { path });
    } catch (thrown) {
      this.#tell(thrown);
    }
  }

  /** Brings in files and folders of this machine. */
  async take(paths: readonly string[]): Promise<void> {
    try {
      await call('import_pictures', { paths: [...paths] });
    } catch (thrown) {
      this.#tell(thrown);
    }
  }

  /** Sends what was dropped, file by file. */
  async send(dropped: DataTransfer): Promise<void> {
    const files = await pictureFiles(dropped);
    const send = host.upload;
    if (send === undefined || this.sending !== null) {
      return;
    }
    if (files.length === 0) {
      toasts.wrong('Nothing in it is a picture.', ['Drop PNG, JPEG or WebP files, or folders of them.']);
      return;
    }
    this.#stopped = false;
    const title = files.length === 1 ? (files[0]?.name ?? '') : counted(files.length, 'picture');
    let state = { ...idle, done: false, title, found: files.length };
    this.sending = state;
    const begun = performance.now();
    const waiting = files.values();
    const worker = async () => {
      for (const file of waiting) {
        if (this.#stopped) {
          return;
        }
        try {
          const { known } = await send(file);
          state = known ? { ...state, known: state.known + 1 } : { ...state, added: state.added + 1 };
        } catch (thrown) {
          const fault = Fault.of(thrown);
          if (fault.code === 'storage' || fault.code === 'read_only' || fault.code === 'unreachable') {
            this.#stopped = true;
            state = { ...state, fault: { code: 'storage', message: fault.message, hints: [...fault.hints] } };
            return;
          }
          const failed = [...state.failed, { path: file.name, why: fault.message }].slice(0, 100);
          state = { ...state, refused: state.refused + 1, failed };
        }
        const through = state.added + state.known + state.refused;
        const seconds = (performance.now() - begun) / 1000;
        const left = Math.ceil((seconds / through) * (files.length - through));
        state = { ...state, seconds_left: seconds > 1.5 ? left : null };
        this.sending = state;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    this.sending = null;
    this.#ended({ ...state, done: true, cancelled: this.#stopped && state.fault === null });
  }

  async cancel(): Promise<void> {
    this.#stopped = true;
    try {
      await call('cancel_import', {});
    } catch (thrown) {
      this.#tell(thrown);
    }
  }

  dismiss(): void {
    this.report = null;
  }

  #heard(progress: ImportProgress): void {
    const before = this.studio;
    this.studio = progress;
    if (progress.done && !(before?.import === progress.import && before.done)) {
      this.#ended(progress);
    }
  }

  #ended(progress: ImportProgress): void {
    if (progress.refused > 0 || progress.fault !== null) {
      this.report = progress;
    } else if (progress.added > 0 || progress.known > 0) {
      const known = progress.known > 0 ? `, ${counted(progress.known, 'picture')} known already` : '';
      toasts.say(`${counted(progress.added, 'new picture')}${known}.`);
    }
  }

  #tell(thrown: unknown): void {
    const fault = Fault.of(thrown);
    toasts.wrong(fault.message, fault.hints);
  }
}

export const imports = new Imports();
