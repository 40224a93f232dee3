/** The folder that a path lies in, for paths of either kind; the path itself where there is none. */
export const folderOf = (path: string): string => /^(.+)[/\\][^/\\]+[/\\]?$/.exec(path)?.[1] ?? path;

/** The folders that models lie in, each once, in the order they were found. */
export const foldersOf = (paths: readonly string[]): readonly string[] => [...new Set(paths.map(folderOf))];
