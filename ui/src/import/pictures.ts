/** Pictures among dropped files and folders. */

const ENDINGS = ['.png', '.jpg', '.jpeg', '.webp'];

/** Whether a file's name says that it is a picture that can be brought in; hidden ones are other programs' own. */
export const isPicture = (name: string): boolean =>
  !name.startsWith('.') && ENDINGS.some((ending) => name.toLowerCase().endsWith(ending));

const listed = (reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> =>
  new Promise((resolve, reject) => {
    reader.readEntries(resolve, reject);
  });

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => {
    entry.file(resolve, reject);
  });

async function walk(entry: FileSystemEntry, found: File[]): Promise<void> {
  if (entry.isFile) {
    if (isPicture(entry.name)) {
      found.push(await fileOf(entry as FileSystemFileEntry));
    }
    return;
  }
  if (!entry.isDirectory || entry.name.startsWith('.')) {
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const entries: FileSystemEntry[] = [];
  // A reader gives a hundred at a time.
  for (let some = await listed(reader); some.length > 0; some = await listed(reader)) {
    entries.push(...some);
  }
  entries.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  for (const child of entries) {
    await walk(child, found);
  }
}

/** The pictures in what was dropped, folders gone into, in the order of their names. */
export async function pictureFiles(dropped: DataTransfer): Promise<File[]> {
  // Both lists are empty as soon as the event is over: they are copied before the first wait.
  const files = [...dropped.files];
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry());
  if (!entries.some((entry) => entry?.isDirectory === true)) {
    return files.filter(({ name }) => isPicture(name));
  }
  const found: File[] = [];
  for (const entry of entries) {
    if (entry !== null) {
      await walk(entry, found);
    }
  }
  return found;
}
