import { call, Fault } from '../api/client';
import type { CopyRisk, ProtectedFolder, SetOutlier } from '../api/generated';
import { attempt } from '../api/project.svelte';
import { visit } from '../api/visit.svelte';

/** What the judge says of the set before it is signed. Nothing is wrong with what stands out: it should have been seen. */
class SetWord {
  /** What stands out, the farthest first; null until it was read. */
  outliers = $state.raw<readonly SetOutlier[] | null>(null);
  /** Folders whose pictures must not be copied. */
  folders = $state.raw<readonly ProtectedFolder[]>([]);
  /** What comes close to a protected picture, the closest first; null until it was read. */
  risks = $state.raw<readonly CopyRisk[] | null>(null);
  /** Why the set could not be looked over. */
  fault = $state<string | null>(null);
  /** A folder is being read. */
  reading = $state(false);

  #asked = 0;

  /** Looks the set over, as it is now. */
  async read(): Promise<void> {
    const asked = (this.#asked += 1);
    try {
      const [outliers, folders] = await Promise.all([
        visit.may('coherence') ? call('coherence', {}) : [],
        visit.may('protected_folders') ? call('protected_folders', {}) : [],
      ]);
      const risks = folders.length === 0 ? [] : await call('copy_risks', { accepted: true });
      if (asked === this.#asked) {
        [this.outliers, this.folders, this.risks, this.fault] = [outliers, folders, risks, null];
      }
    } catch (thrown) {
      const fault = Fault.of(thrown);
      if (asked === this.#asked && fault.code !== 'unreachable') {
        this.fault = fault.message;
      }
    }
  }

  /** Protects the pictures of a folder, or forgets it. Tells whether it did. */
  async protect(path: string, forget = false): Promise<boolean> {
    this.reading = true;
    const folders = await attempt('protect_folder', { path, ...(forget ? { forget } : {}) });
    this.reading = false;
    if (folders === null) {
      return false;
    }
    this.folders = folders;
    await this.read();
    return true;
  }
}

export const setWord = new SetWord();
